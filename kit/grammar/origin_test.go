package grammar_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

func TestOriginsAreWrittenAsBrowsersDo(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"https://shop.example", "http://localhost:5173", "https://[2001:db8::1]:8443"} {
		if err := grammar.Origin(text); err != nil {
			t.Error(err)
		}
	}
	for _, text := range []string{
		"", "*", "https://*.shop.example", "null", "shop.example", "https://shop.example/", "https://Shop.example", "https://shop.example:443",
		"http://shop.example:80", "https://user@shop.example", "ftp://shop.example", "https://", "https://shop.example?x", "https://a,https://b",
	} {
		if grammar.Origin(text) == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
