package assets_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"

	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
	"github.com/shopmesh/shopmesh/web"
)

// The budgets of the styles and of the script, compressed.
const (
	maxStyle  = 12_000
	maxScript = 6_000
)

func load(t *testing.T) *assets.Assets {
	t.Helper()
	loaded, err := assets.Load(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	return loaded
}

func get(t *testing.T, a *assets.Assets, path, encodings string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
	r.Header.Set("Accept-Encoding", encodings)
	w := httptest.NewRecorder()
	if !a.ServeHTTP(w, r) {
		t.Fatalf("%s is not there", path)
	}
	return w
}

// An asset is the same in each encoding, small, and kept for good under a name that changes
// with it.
func TestAssetsAreKeptForGood(t *testing.T) {
	t.Parallel()
	loaded := load(t)
	href := loaded.Href("shop.css")
	if !regexp.MustCompile(`^/assets/shop\.[0-9a-f]{12}\.css$`).MatchString(href) {
		t.Errorf("the styles are at %q", href)
	}
	plain := get(t, loaded, href, "identity").Body.Bytes()
	zipped := get(t, loaded, href, "gzip, deflate")
	unzip, err := gzip.NewReader(zipped.Body)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(unzip); err != nil || !bytes.Equal(text, plain) {
		t.Errorf("gzip holds something else: %v", err)
	}
	br := get(t, loaded, href, "gzip;q=0.5, br")
	if size := br.Body.Len(); size > maxStyle {
		t.Errorf("the styles have %d bytes, want %d at most", size, maxStyle)
	}
	if text, err := io.ReadAll(brotli.NewReader(br.Body)); err != nil || !bytes.Equal(text, plain) {
		t.Errorf("brotli holds something else: %v", err)
	}
	header := br.Header()
	if header.Get("Content-Encoding") != "br" || header.Get("Cache-Control") != "public, max-age=31536000, immutable" ||
		header.Get("Vary") != "Accept-Encoding" || header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Errorf("the headers are %v", header)
	}
	if refused := get(t, loaded, href, "br;q=0"); refused.Header().Get("Content-Encoding") != "" {
		t.Error("an encoding was sent that the client refuses")
	}
	w := httptest.NewRecorder()
	if loaded.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/assets/shop.000000000000.css", nil)) {
		t.Error("an asset of another build is answered with this one's")
	}
}

// The script is one module, small, of those of web/shop/enhance: nothing is loaded after it, and
// no comments are.
func TestTheScriptIsOneSmallModule(t *testing.T) {
	t.Parallel()
	loaded := load(t)
	href := loaded.Href("enhance.js")
	if size := get(t, loaded, href, "br").Body.Len(); size > maxScript {
		t.Errorf("the script has %d bytes, want %d at most", size, maxScript)
	}
	got := get(t, loaded, href, "")
	if kind := got.Header().Get("Content-Type"); kind != "text/javascript; charset=utf-8" {
		t.Errorf("it is %s", kind)
	}
	script := got.Body.String()
	if left := regexp.MustCompile(`(?m)^(?:import|export|//|/\*|\*).*`).FindAllString(script, -1); len(left) > 0 {
		t.Errorf("left are %q", left)
	}
	names := make(map[string]bool)
	depth := 0
	for line := range strings.Lines(script) {
		found := regexp.MustCompile(`^(?:async )?(?:function|const|let) (\w+)`).FindStringSubmatch(line)
		if found != nil && depth == 0 {
			if names[found[1]] {
				t.Errorf("two modules have a %s", found[1])
			}
			names[found[1]] = true
		}
		depth += strings.Count(line, "{") - strings.Count(line, "}")
	}
	if depth != 0 || !names["follow"] || !names["fields"] {
		t.Errorf("it holds %v, and ends at depth %d", names, depth)
	}
	// The policy of the pages lets none of these.
	forbidden := regexp.MustCompile(`(?:inner|outer)HTML\s*=[^=]|insertAdjacentHTML|\beval\(|document\.write|'style'|\.style\b`)
	if found := forbidden.FindAllString(script, -1); len(found) > 0 {
		t.Errorf("it uses %q", found)
	}
}

// The styles hold no comments, and say nothing by left and right, so that Arabic mirrors them.
func TestStylesFollowTheDirectionOfWriting(t *testing.T) {
	t.Parallel()
	loaded := load(t)
	style := get(t, loaded, loaded.Href("shop.css"), "").Body.String()
	if strings.Contains(style, "/*") || !strings.Contains(style, "--accent") {
		t.Error("comments are left, or the tokens are missing")
	}
	physical := regexp.MustCompile(`(?:margin|padding|border)-(?:left|right|top|bottom)|[{;]\s*(?:left|right|top|bottom|width|height)\s*:|text-align:\s*(?:left|right)`)
	if found := physical.FindAllString(style, -1); len(found) > 0 {
		t.Errorf("physical properties: %q", found)
	}
}
