package app_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/app"
)

// A shop that is given no URL is reached where it listens, and its links lead there.
func TestDefaultPublicURL(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]string{
		"127.0.0.1:8080": "http://shopmesh.localhost:8080", "[::1]:8443": "http://shopmesh.localhost:8443",
		"127.0.0.1:80": "http://shopmesh.localhost", "127.0.0.1:0": "http://shopmesh.localhost", "": "http://shopmesh.localhost",
	} {
		got := app.DefaultPublicURL(listen, false)
		if got != want {
			t.Errorf("listening on %q: %s, want %s", listen, got, want)
		}
		if parsed, err := app.ParsePublicURL(got); err != nil || parsed != got {
			t.Errorf("listening on %q: %s, %v", listen, parsed, err)
		}
	}
	for listen, want := range map[string]string{
		"127.0.0.1:8443": "https://shopmesh.localhost:8443", "127.0.0.1:443": "https://shopmesh.localhost", "127.0.0.1:80": "https://shopmesh.localhost:80",
	} {
		if got := app.DefaultPublicURL(listen, true); got != want {
			t.Errorf("listening on %q with TLS: %s, want %s", listen, got, want)
		}
	}
}
