package web_test

import (
	"io/fs"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/web"
)

// The office is on the port of the API, so that its calls are of the same origin; a program
// without a build of it says so. services/storefront shows both, this one what the tree holds.
func TestTheOfficeIsWhereTheAPIIs(t *testing.T) {
	t.Parallel()
	s := open(t)
	for from, to := range map[string]string{"/office": "/office/", "/accept-invitation": "/office/accept-invitation"} {
		if p := s.get(from); p.status != http.StatusSeeOther || p.header.Get("Location") != to {
			t.Errorf("%s is %d and leads to %q", from, p.status, p.header.Get("Location"))
		}
	}
	if _, err := fs.Stat(web.Office(), "index.html"); err != nil {
		s.shows("/office/orders", http.StatusNotFound, "make office")
		return
	}
	page := s.get("/office/orders")
	if page.status != http.StatusOK || page.header.Get("Cache-Control") != "no-store" || page.header.Get("X-Content-Type-Options") != "nosniff" ||
		!strings.HasPrefix(page.header.Get("Content-Security-Policy"), "default-src 'none'; style-src 'self' 'nonce-") {
		t.Fatalf("the office is %d, %v\n%s", page.status, page.header, page.body)
	}
	files := regexp.MustCompile(`/office/assets/[\w-]+\.(?:js|css)`).FindAllString(page.body, -1)
	if len(files) < 2 {
		t.Fatalf("the page loads %q", files)
	}
	for _, file := range files {
		if p := s.get(file); p.status != http.StatusOK || p.header.Get("Content-Encoding") != "br" || !strings.HasSuffix(p.header.Get("Cache-Control"), "immutable") {
			t.Errorf("%s is %d, %v", file, p.status, p.header)
		}
	}
}
