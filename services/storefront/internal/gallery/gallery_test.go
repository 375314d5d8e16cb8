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
	g, err := open("nowhere")
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

// A component has states, each of which shows something, with the class of its name where the styles
// have that.
func TestEachComponentIsShownInEachOfItsStates(t *testing.T) {
	t.Parallel()
	g, err := open("nowhere")
	if err != nil {
		t.Fatal(err)
	}
	styled := styledClasses(t)
	for _, of := range components(g.page(modes()[0])) {
		if len(of.states) == 0 {
			t.Errorf("%s has no states", of.name)
		}
		class := classOf(of.name)
		has := regexp.MustCompile(`class="(?:[^"]* )?` + class + `[ "]`)
		for _, in := range of.states {
			var html strings.Builder
			if err := in.component.Render(t.Context(), &html); err != nil || html.Len() == 0 {
				t.Errorf("%s, %s: %q, %v", of.name, in.name, html.String(), err)
			}
			if styled[class] && !has.MatchString(html.String()) {
				t.Errorf("%s, %s: nothing has the class %s", of.name, in.name, class)
			}
		}
	}
}

// A component that is added is put into the gallery: on its own, or within another one.
func TestEachComponentIsInTheGallery(t *testing.T) {
	t.Parallel()
	g, err := open("nowhere")
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
	for name := range shopComponents(t) {
		if !in[name] {
			t.Errorf("%s is not in the gallery", name)
		}
	}
}

// The office's gallery has states of each of the office's components, too; that they are shown is checked in
// Chromium (e2e/web/browser/office/gallery.spec.ts).
func TestEachComponentOfTheOfficeIsInItsGallery(t *testing.T) {
	t.Parallel()
	all := ""
	for _, content := range read(t, "../../../../web/gallery/*.tsx") {
		all += content
	}
	for name := range officeComponents(t) {
		states := regexp.MustCompile(`name: "` + name + `",\s*states: (?:\[\s*[^\s\]]|[^\s\[])`)
		if name != "ToastProvider" && !states.MatchString(all) {
			t.Errorf("%s is not in the office's gallery", name)
		}
	}
}

// The page of the office's gallery is the same in each mode, and is told to be built where it is not.
func TestTheOfficesGalleryIsServed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, content := range map[string]string{"index.html": "the page", "gallery.js": "the script"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		folder, path string
		status       int
		want         string
	}{
		{folder, "/office/light", http.StatusOK, "the page"},
		{folder, "/office/rtl", http.StatusOK, "the page"},
		{folder, "/office/", http.StatusSeeOther, "/office/light"},
		{folder, "/office/gallery.js", http.StatusOK, "the script"},
		{folder, "/office/other.js", http.StatusNotFound, "not found"},
		{filepath.Join(folder, "nothing"), "/office/dark", http.StatusNotFound, "make gallery"},
	} {
		g, err := open(row.folder)
		if err != nil {
			t.Fatal(err)
		}
		answer := httptest.NewRecorder()
		g.ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), http.MethodGet, row.path, nil))
		if answer.Code != row.status || !strings.Contains(answer.Body.String(), row.want) {
			t.Errorf("%s: %d, %q", row.path, answer.Code, answer.Body)
		}
	}
}

// Both galleries have the same modes.
func TestTheGalleriesHaveTheSameModes(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../../../web/gallery/modes.ts")
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`name: "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(names) != len(modes()) {
		t.Fatalf("the office's has %d modes, want %d", len(names), len(modes()))
	}
	for i, m := range modes() {
		if names[i][1] != m.name {
			t.Errorf("mode %d of the office's is %s, want %s", i, names[i][1], m.name)
		}
	}
}
