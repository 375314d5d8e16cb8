package app_test

import (
	"context"
	"net/http"
	"testing"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// byName knows callers by a header that names them.
func byName(callers map[string]authz.Identity) authz.Authenticator {
	return authz.AuthenticatorFunc(func(_ context.Context, header authz.Header) (authz.Identity, error) {
		return callers[header.Get("Test-Caller")], nil
	})
}

// The internal port lets in who may operate; without a token it answers probes, the
// empty page of operators, and /metrics where a setting opens it.
func TestTheInternalPortNeedsAToken(t *testing.T) {
	t.Parallel()
	callers := map[string]authz.Identity{
		"operator": testkit.Staff(optionsv1.Permission_PERMISSION_OPERATIONS), "clerk": testkit.Staff(optionsv1.Permission_PERMISSION_ORDERS_READ),
	}
	closed := serve(t, app.Process{Name: "parcel", Authenticator: byName(callers)})
	open := serve(t, app.Process{Name: "parcel", Authenticator: byName(callers), OpenMetrics: true})
	status := func(url, caller string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Test-Caller", caller)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	for _, path := range []string{"/metrics", "/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=1", "/debug/pprof/symbol"} {
		for caller, want := range map[string]int{"": http.StatusUnauthorized, "clerk": http.StatusForbidden, "operator": http.StatusOK} {
			if got := status(closed.Internal+path, caller); got != want {
				t.Errorf("%s for %q is %d, want %d", path, caller, got, want)
			}
		}
	}
	for _, url := range []string{closed.Internal + "/livez", closed.Internal + "/readyz", closed.Internal + "/operations", open.Internal + "/metrics"} {
		if got := status(url, ""); got != http.StatusOK {
			t.Errorf("%s without a token is %d", url, got)
		}
	}
}

// A process in which nothing finds out who calls does not start.
func TestAProcessNeedsAnAuthenticator(t *testing.T) {
	t.Parallel()
	err := app.Serve(t.Context(), app.Process{Name: "parcel", Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Log: testkit.Log(t)})
	if err == nil || err.Error() != "nothing finds out who calls: give the process Identify or an Authenticator" {
		t.Errorf("it ended with %v", err)
	}
}
