package main

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// fullListener has no open file left for the first connections.
type fullListener struct {
	net.Listener

	failures atomic.Int32
}

func (l *fullListener) Accept() (net.Conn, error) {
	if l.failures.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Err: syscall.EMFILE}
	}
	return l.Listener.Accept()
}

func TestARelayOutlivesTooManyOpenFiles(t *testing.T) {
	t.Parallel()
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	go func() {
		for {
			c, err := server.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(c, "served")
			_ = c.Close()
		}
	}()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	full := &fullListener{Listener: listener}
	full.failures.Store(3)
	r := newRelayOn(full, func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, server.Addr().String()) })
	t.Cleanup(r.close)
	c, err := dialTCP(t.Context(), r.address())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	var text strings.Builder
	if _, err := io.Copy(&text, c); err != nil || text.String() != "served" {
		t.Errorf("through the relay: %q, %v", text.String(), err)
	}
}
