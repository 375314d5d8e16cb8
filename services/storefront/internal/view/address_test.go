package view

import (
	"net/url"
	"strings"
	"testing"
)

// Every code has an address of its own that browsers and proxies leave alone.
func TestCodesWithSlashesAndDotsHaveAddresses(t *testing.T) {
	t.Parallel()
	seen := make(map[string]string)
	for _, code := range []string{"MUG-1", "a/b", "a/b/c", "/", "//", ".", "..", "...", "./.", "../x", "a.b", "-", "_"} {
		path := ProductPath(code, "Mug")
		segments := strings.Split(path, "/")
		if len(segments) != 4 || segments[2] == "" || segments[2] == "." || segments[2] == ".." {
			t.Errorf("%q is at %q", code, path)
			continue
		}
		if got := CodeOf(segments[2]); got != code {
			t.Errorf("%q is at %q, which means %q", code, path, got)
		}
		if other, taken := seen[path]; taken {
			t.Errorf("%q and %q are both at %q", code, other, path)
		}
		seen[path] = code
	}
}

func TestCodesAreThoseOfTheContract(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{"A.b_c/d-9": true, "..": true, "": false, "a b": false, "\x00": false, "\xff": false, "é": false, strings.Repeat("a", 65): false} {
		if ValidCode(code) != want {
			t.Errorf("%q", code)
		}
	}
}

func TestSlugsAreReadable(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Blue Mug, 0.3 l":        "blue-mug-0-3-l",
		"Äpfel & Öl":             "apfel-ol",
		"مصباح":                  "مصباح",
		"":                       "-",
		"!!!":                    "-",
		strings.Repeat("a", 200): strings.Repeat("a", 60),
	} {
		got, err := url.PathUnescape(slug(name))
		if err != nil || got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
