package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// serve takes mails and shows them until ctx ends or the process gets a signal to stop, and
// drains.
func serve(ctx context.Context, config config, log *slog.Logger) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer app.OnSignal(log, cancel)()
	mails, err := inbox.Open(config.data, config.smtpListen, log)
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	failed := make(chan error, 1)
	serving.Go(func() {
		if err := mails.Serve(); err != nil {
			failed <- err
		}
	})
	err = showUntil(ctx, config, mails, failed, log)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.DrainTimeout)
	defer cancel()
	err = errors.Join(err, mails.Close(closing))
	serving.Wait()
	return err
}

// showUntil serves the pages until ctx ends, their listener breaks, or failed gets an error.
func showUntil(ctx context.Context, config config, mails *inbox.Inbox, failed <-chan error, log *slog.Logger) error {
	ready := &readiness{condition: mails.Condition}
	handler, err := newHandler(mails, ready, config, log)
	if err != nil {
		return err
	}
	pages, err := rpc.Listen(ctx, config.listen, rpc.InternalConnections)
	if err != nil {
		return err
	}
	pages.Serve(handler, log)
	log.Info("serving", "pages", pages.URL()+"/inbox", "smtp", mails.Addr())
	if !app.OnLoopback(config.listen) {
		log.Warn("the pages can be reached from other machines: whoever reaches them reads every customer's mail, "+
			"so let a policy of the network or of the mesh admit operators alone", "address", config.listen)
	}
	select {
	case <-ctx.Done():
	case err = <-failed:
	case broken := <-pages.Failed():
		err = fmt.Errorf("the listener of the pages broke: %w", broken)
	}
	ready.draining.Store(true)
	closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), app.DrainTimeout)
	defer cancel()
	return errors.Join(err, pages.Shutdown(closing))
}

// newHandler serves pages, JSON and probes, within the bounds that all our ports have.
func newHandler(mails *inbox.Inbox, ready http.Handler, config config, log *slog.Logger) (http.Handler, error) {
	nobody := authz.AuthenticatorFunc(func(context.Context, authz.Header) (authz.Identity, error) { return authz.Identity{}, nil })
	server, err := rpc.NewServer(rpc.Config{Log: log, Authenticator: nobody}) // without RPCs
	if err != nil {
		return nil, err
	}
	pages := mails.Handler()
	live := func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, map[string]bool{"live": true}) }
	return rpc.NewHandler(server, rpc.HandlerConfig{
		LocalOnly: app.OnLoopback(config.listen),
		Extra: map[string]http.Handler{
			"/inbox": pages, "/inbox/": pages, "/inbox.json": pages, "GET /livez": http.HandlerFunc(live), "GET /readyz": ready,
		},
	})
}

// readiness reports whether mails are taken. One that can't be stored is shown and leaves the
// process ready, as with all our programs: SMTP tells its sender to try again, and only a mail
// that is stored proves that it is over. A process that is not ready would get none any more.
type readiness struct {
	// condition is why mails are not stored; nil when they are.
	condition func(context.Context) error
	draining  atomic.Bool
}

type report struct {
	Ready      bool     `json:"ready"`
	Cause      string   `json:"cause,omitempty"`
	Conditions []string `json:"conditions,omitempty"`
}

// ServeHTTP answers 200 when ready, else 503.
func (r *readiness) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	report, status := report{Ready: true}, http.StatusOK
	if r.draining.Load() {
		report.Ready, report.Cause, status = false, "the process drains", http.StatusServiceUnavailable
	}
	if err := r.condition(req.Context()); err != nil {
		report.Conditions = []string{err.Error()}
	}
	answer(w, status, report)
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the reader may have gone
}
