package rpc

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Listener serves a handler on one address, over HTTP/1.1 and HTTP/2, both bounded in what
// a client can hold. Without TLS, HTTP/2 is spoken with "prior knowledge".
type Listener struct {
	listener net.Listener
	most     int
	tls      *tls.Config // nil without
	open     *connections
	server   *http.Server
	draining atomic.Bool
	serving  sync.WaitGroup
	failed   chan error
}

// Listen opens an address, such as "127.0.0.1:8080"; port 0 picks a free one. At most
// that many connections are open at once. Nothing is answered before Serve.
func Listen(ctx context.Context, address string, connections int) (*Listener, error) {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", address, err)
	}
	return &Listener{listener: listener, most: connections, failed: make(chan error, 1)}, nil
}

// Encrypt lets the listener speak TLS alone, with HTTP/2 negotiated. Call it before Serve.
func (l *Listener) Encrypt(config *tls.Config) { l.tls = config }

// Addr returns the address with its true port.
func (l *Listener) Addr() string { return l.listener.Addr().String() }

// URL returns the scheme and the address.
func (l *Listener) URL() string {
	if l.tls != nil {
		return "https://" + l.Addr()
	}
	return "http://" + l.Addr()
}

// Serve answers requests in the background until Shutdown or Close.
func (l *Listener) Serve(handler http.Handler, log *slog.Logger) {
	l.open = newConnections(l.most, log)
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(l.tls != nil)
	protocols.SetUnencryptedHTTP2(l.tls == nil)
	l.server = &http.Server{
		Handler:           l.closing(handler),
		TLSConfig:         l.tls,
		Protocols:         protocols,
		ConnContext:       l.open.accepted,
		ConnState:         l.open.changed,
		ReadHeaderTimeout: headerTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, WriteByteTimeout: SendTimeout,
			SendPingTimeout: idleTimeout, PingTimeout: headerTimeout,
		},
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	l.serving.Go(func() {
		serve := l.server.Serve
		if l.tls != nil {
			serve = func(listener net.Listener) error { return l.server.ServeTLS(listener, "", "") }
		}
		if err := serve(l.listener); !errors.Is(err, http.ErrServerClosed) {
			l.failed <- err
		}
	})
}

// Failed gets the error when the listener broke by itself.
func (l *Listener) Failed() <-chan error { return l.failed }

// Condition returns that more connections come than may be open; nil when none did of late.
// Serve must have been called.
func (l *Listener) Condition(ctx context.Context) error {
	if err := l.open.Condition(ctx); err != nil {
		return fmt.Errorf("%s: %w", l.Addr(), err)
	}
	return nil
}

// closing makes HTTP/1.1 clients, once draining begins, send
// their next request elsewhere; HTTP/2 has GOAWAY for that.
func (l *Listener) closing(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ProtoMajor == 1 && l.draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// Drain makes clients go elsewhere with their next request; requests are still
// served.
func (l *Listener) Drain() { l.draining.Store(true) }

// Shutdown accepts nothing more and waits until every accepted request is answered. When
// ctx ends first, it cuts off the rest and returns ctx's error. Clients have stallTimeout
// to send and read what is left; one that keeps its connection open and does neither
// delays the shutdown no longer than that.
func (l *Listener) Shutdown(ctx context.Context) error {
	l.Drain()
	if l.server == nil {
		return l.listener.Close()
	}
	l.open.stop()
	done := make(chan error, 1)
	go func() { done <- l.server.Shutdown(ctx) }()
	err := l.await(done)
	if err != nil {
		_ = l.server.Close()
	}
	l.serving.Wait()
	return err
}

// quietTimeout is how long connections may stand without a request while the process
// stops.
const quietTimeout = 2 * time.Second

// await waits for a shutdown, and closes the connections that still stand when there
// has been no request for a while.
func (l *Listener) await(done <-chan error) error {
	quiet := time.NewTimer(quietTimeout)
	defer quiet.Stop()
	for {
		select {
		case err := <-done:
			return err
		case <-l.open.exchanges.none:
			quiet.Reset(quietTimeout)
		case <-quiet.C:
			if l.open.exchanges.running.Load() == 0 {
				_ = l.server.Close()
			}
		}
	}
}
