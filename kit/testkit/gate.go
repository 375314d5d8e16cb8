package testkit

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/shopmesh/shopmesh/kit/kafka"
)

// Gate is a way to the broker that a test can shut: for clients that use it the broker is
// away then, for others it is not.
type Gate struct {
	mu    sync.Mutex
	shut  bool
	conns []net.Conn
}

// Behind returns broker as it is reached through the gate.
func (g *Gate) Behind(broker kafka.Config) kafka.Config {
	broker.Dial = g.dial
	return broker
}

// Shut closes all connections, and refuses new ones until Open.
func (g *Gate) Shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = true
	for _, c := range g.conns {
		_ = c.Close()
	}
	g.conns = nil
}

// Open lets connections through again.
func (g *Gate) Open() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.shut = false
}

func (g *Gate) dial(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.shut {
		_ = conn.Close()
		return nil, errors.New("the gate is shut")
	}
	g.conns = append(g.conns, conn)
	return conn, nil
}
