package app_test

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A context that calls a peer which its program does not name, and which has no URL,
// does not start either: a call that is new can't be forgotten.
func TestAPeerWithoutAURLStopsTheStart(t *testing.T) {
	t.Parallel()
	calling := app.Join(func(peers *peer.Peers) app.Service {
		peers.Client("depot")
		return app.Service{Name: "parcel"}
	})
	process := app.Process{Name: "parcel", NeedsPeers: true, Authenticator: testkit.Everyone(testkit.Owner()), Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Log: testkit.Log(t)}
	err := app.Serve(t.Context(), process, calling)
	if err == nil || err.Error() != "SHOPMESH_DEPOT_URL is not set, and parcel calls depot: give its URL" {
		t.Errorf("without a URL: %v", err)
	}
	serve(t, app.Process{Name: "parcel", NeedsPeers: true, Peers: map[string]string{"depot": "http://127.0.0.1:1"}}, calling)
}

// An address that other machines reach is logged at the start, for each port; one on
// loopback is not.
func TestAnExposedPortIsLogged(t *testing.T) {
	t.Parallel()
	for listen, want := range map[string]int{"127.0.0.1:0": 0, "0.0.0.0:0": 2} {
		log := &testkit.Lines{}
		ctx, cancel := context.WithCancel(t.Context())
		err := app.Serve(ctx, app.Process{
			Name: "parcel", Listen: listen, InternalListen: listen, Authenticator: testkit.Everyone(testkit.Owner()), Log: log.Log(),
			Ready: func(app.Addresses) { cancel() },
		})
		if err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(strings.Join(log.Warnings(), ""), "can be reached from other machines"); n != want {
			t.Errorf("on %s: %d warnings, want %d: %s", listen, n, want, log.Warnings())
		}
	}
}

// Each context has its relay, what writes refused calls, and a purge when it keeps answers to requests, without
// listing them among its own runners.
func TestTheCommonRunnersAreTheProcesss(t *testing.T) {
	t.Parallel()
	for want, retention := range map[string]func() time.Duration{
		`"relay" "refusals"`: nil, `"relay" "refusals" "purge"`: func() time.Duration { return time.Hour },
	} {
		process := serve(t, app.Process{Name: "parcel"}, fx.Module("parcel",
			app.Context("parcel", contextOf(t), migrations()),
			app.Join(func() app.Service { return app.Service{Name: "parcel", IdempotencyRetention: retention} }),
		))
		testkit.Eventually(t, "the runners are "+want, func() bool {
			_, body := get(t, process.Internal+"/readyz")
			var names []string
			for _, match := range regexp.MustCompile(`"worker":("[^"]+")`).FindAllStringSubmatch(body, -1) {
				names = append(names, match[1])
			}
			return strings.Join(names, " ") == want
		})
	}
}

// Reflection is on the internal port; on the API's it is a setting, off by default.
func TestReflectionOnTheAPIIsASetting(t *testing.T) {
	t.Parallel()
	const path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	reflects := func(address string) bool {
		res, err := http.Post(address+path, "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode != http.StatusNotFound
	}
	for _, enabled := range []bool{false, true} {
		process := serve(t, app.Process{Name: "parcel", Reflection: enabled})
		if reflects(process.API) != enabled || !reflects(process.Internal) {
			t.Errorf("enabled on the API %t: there %t, on the internal port %t", enabled, reflects(process.API), reflects(process.Internal))
		}
	}
}

// A profile that an operator lets run for an hour does not hold a stop up.
func TestAProfileDoesNotHoldUpAStop(t *testing.T) {
	t.Parallel()
	process := serve(t, app.Process{Name: "parcel"})
	ended := make(chan error, 1)
	go func() {
		res, err := http.Get(process.Internal + "/debug/pprof/trace?seconds=3600")
		if err == nil {
			_, err = io.Copy(io.Discard, res.Body)
			_ = res.Body.Close()
		}
		ended <- err
	}()
	testkit.Eventually(t, "the trace runs", func() bool {
		_, goroutines := get(t, process.Internal+"/debug/pprof/goroutine?debug=1")
		return strings.Contains(goroutines, "net/http/pprof.sleep")
	})
	if err := process.stop(); err != nil {
		t.Errorf("the stop: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("the trace was cut off: %v", err)
	}
}
