package testkit

import (
	"context"
	"testing"
	"time"

	"connectrpc.com/connect/v2"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/token"
)

// othersStop bounds the end of stand-ins, which have answered by then.
const othersStop = 5 * time.Second

// Others serves stand-ins for other contexts, which register adds to a server, as services
// serve: with their bounds, and with the tokens that they take. It returns their URL, which
// is good until the test ends.
func Others(tb testing.TB, permissions map[string][]optionsv1.Permission, register func(*connect.Server), contexts ...string) string {
	tb.Helper()
	verify := VerifierConfig("", permissions)
	verify.Self = contexts
	server, err := rpc.NewServer(rpc.Config{Log: Log(tb), Authenticator: token.NewVerifier(verify)})
	if err != nil {
		tb.Fatal(err)
	}
	register(server)
	handler, err := rpc.NewHandler(server, rpc.HandlerConfig{Health: rpc.NewHealth()})
	if err != nil {
		tb.Fatal(err)
	}
	listener, err := rpc.Listen(tb.Context(), "127.0.0.1:0", rpc.APIConnections)
	if err != nil {
		tb.Fatal(err)
	}
	listener.Serve(handler, Log(tb))
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), othersStop)
		defer cancel()
		if err := listener.Shutdown(ctx); err != nil {
			tb.Errorf("stop the stand-ins for %v: %v", contexts, err)
		}
	})
	return listener.URL()
}
