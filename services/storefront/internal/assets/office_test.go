package assets_test

import (
	"testing"
	"testing/fstest"

	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
	"github.com/shopmesh/shopmesh/web"
)

// A build of the office that lacks a part stops the start, and none at all does not.
func TestABrokenBuildOfTheOfficeIsFound(t *testing.T) {
	t.Parallel()
	page := &fstest.MapFile{Data: []byte("<!doctype html>")}
	for name, built := range map[string]fstest.MapFS{
		"no brotli":          {"index.html": page, "assets/a-1.js": {}, "assets/a-1.js.gz": {}},
		"no files":           {"index.html": page},
		"no page":            {"index.html": {}, "assets/a-1.js": {}, "assets/a-1.js.gz": {}, "assets/a-1.js.br": {}},
		"an unknown content": {"index.html": page, "assets/a-1.exe": {}},
	} {
		if _, err := assets.LoadOffice(built); err == nil {
			t.Errorf("%s: it is taken", name)
		}
	}
	none, err := assets.LoadOffice(fstest.MapFS{})
	if err != nil || none.Built() {
		t.Errorf("without a build: %v", err)
	}
	if _, err := assets.LoadOffice(web.Office()); err != nil {
		t.Errorf("what this tree holds: %v", err)
	}
}
