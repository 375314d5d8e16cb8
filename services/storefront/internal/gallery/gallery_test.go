package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/services/storefront/internal/view"
)

// Each mode shows each component, and leads to the others.
func TestEachModeShowsEachComponent(t *testing.T) {
	t.Parallel()
	g, err := open()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range modes() {
		answer := httptest.NewRecorder()
		g.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/"+m.name, nil))
		body := answer.Body.String()
		for _, other := range modes() {
			if !strings.Contains(body, `href="/`+other.name+`"`) {
				t.Errorf("%s does not lead to %s", m.name, other.name)
			}
		}
		for _, of := range components(view.Page{Texts: g.texts.In(m.language)}) {
			if !strings.Contains(body, "<h2>"+of.name+"</h2>") {
				t.Errorf("%s lacks %s", m.name, of.name)
			}
		}
	}
}

// exported is a component that pages are made of; those that get what a whole page shows are
// pages.
var exported = regexp.MustCompile(`(?m)^templ ([A-Z]\w*)\((.*)\)`)

// A component that is added is put into the gallery: on its own, or within another one.
func TestEachComponentIsInTheGallery(t *testing.T) {
	t.Parallel()
	g, err := open()
	if err != nil {
		t.Fatal(err)
	}
	in := map[string]bool{
		"Layout": true, "Parts": true, // the frame of all pages
		"ProductCards": true, // as ProductCard
		"PageNotice":   true, // a Notice that takes the focus
	}
	for _, of := range components(view.Page{Texts: g.texts.In("en")}) {
		in[of.name] = true
	}
	files, err := filepath.Glob("../view/*.templ")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d templates, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range exported.FindAllStringSubmatch(string(text), -1) {
			if name, given := found[1], found[2]; !in[name] && !strings.HasSuffix(given, "Page") {
				t.Errorf("%s of %s is not in the gallery", name, file)
			}
		}
	}
}
