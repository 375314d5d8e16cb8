// Package apptest serves contexts in the process of a test.
package apptest

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Serve serves modules until stop is called or the test ends, and returns where. A process
// that does not start, or ends with an error, fails the test. It listens on free ports of
// loopback and logs to the test, unless process has other addresses or another log.
func Serve(tb testing.TB, process app.Process, modules ...fx.Option) (addresses app.Addresses, stop func()) {
	tb.Helper()
	addresses, stop, err := Start(tb, process, modules...)
	if err != nil {
		tb.Fatalf("%s did not start: %v", process.Name, err)
	}
	return addresses, stop
}

// Start is Serve for a process that may not start: it returns the error then.
func Start(tb testing.TB, process app.Process, modules ...fx.Option) (addresses app.Addresses, stop func(), err error) {
	tb.Helper()
	process.Listen = cmp.Or(process.Listen, "127.0.0.1:0")
	process.InternalListen = cmp.Or(process.InternalListen, "127.0.0.1:0")
	if process.Log == nil {
		process.Log = testkit.Log(tb)
	}
	ready, ended := make(chan app.Addresses, 1), make(chan error, 1)
	process.Ready = func(a app.Addresses) { ready <- a }
	// It outlives the test's context, which ends before the cleanups.
	ctx, cancel := context.WithCancel(context.WithoutCancel(tb.Context()))
	go func() { ended <- app.Serve(ctx, process, modules...) }()
	patience := time.NewTimer(testkit.Patience)
	defer patience.Stop()
	select {
	case addresses = <-ready:
	case err := <-ended:
		cancel()
		return app.Addresses{}, nil, cmp.Or(err, errEnded)
	case <-patience.C:
		cancel()
		return app.Addresses{}, nil, errors.Join(errLate, <-ended)
	}
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Errorf("%s ended with %v", process.Name, err)
		}
	})
	tb.Cleanup(stop)
	return addresses, stop, nil
}

var (
	errEnded = errors.New("it ended before it was ready")
	errLate  = errors.New("it was not ready in time")
)
