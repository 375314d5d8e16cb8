package rpc

import (
	"container/list"
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
)

const (
	// APIConnections is how many connections a port for clients may have open. Each
	// costs a descriptor, which the database and the broker need too, and some tens of
	// kilobytes.
	APIConnections = 4096
	// InternalConnections is the same of a port for operators.
	InternalConnections = 512
)

// connections bounds the open connections of a listener, in all and of one address. One
// connection too many closes the one that has been without a request for longest, so that
// idle connections keep nobody out. When all are in use, the new one is closed.
type connections struct {
	most, perAddress int
	condition        *condition.Condition
	exchanges        *exchangeCount

	mu       sync.Mutex
	idle     *list.List // of *opened, the one that is idle for longest first
	open     map[net.Conn]*opened
	from     map[string]int // how many are open, by address
	stopping bool
}

// opened is an open connection, and its place among the idle, nil when it is in use.
type opened struct {
	conn  net.Conn
	wire  *wire
	place *list.Element
}

// newConnections bounds to most, or to half of the descriptors that the process may have.
func newConnections(most int, log *slog.Logger) *connections {
	most = max(1, min(most, descriptors()/2))
	return &connections{
		most: most, perAddress: most - most/16, idle: list.New(), open: make(map[net.Conn]*opened), from: make(map[string]int),
		exchanges: &exchangeCount{none: make(chan struct{}, 1)},
		condition: condition.New(log, "more connections come than may be open; those go that are idle for longest"),
	}
}

// accepted is a server's ConnContext hook, which is called before changed.
func (c *connections) accepted(ctx context.Context, conn net.Conn) context.Context {
	w := newWire(c.exchanges, conn.RemoteAddr().String())
	c.mu.Lock()
	defer c.mu.Unlock()
	w.stopping = c.stopping
	c.open[conn] = &opened{conn: conn, wire: w}
	c.from[w.from.name]++
	return withWire(ctx, w)
}

// stop gives the clients of all connections little time from now on.
func (c *connections) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping = true
	for _, o := range c.open {
		o.wire.stop()
	}
}

// descriptors is how many files and connections the process may have open.
func descriptors() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil || limit.Cur > math.MaxInt32 {
		return math.MaxInt32
	}
	return int(limit.Cur)
}

// changed is a server's ConnState hook. It is called for a new connection before
// another one is accepted.
func (c *connections) changed(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.open[conn]
	if o == nil {
		return // it was dropped just then
	}
	if o.place != nil {
		c.idle.Remove(o.place)
		o.place = nil
	}
	switch state {
	case http.StateNew:
		o.place = c.idle.PushBack(o)
		switch {
		case c.from[o.wire.from.name] > c.perAddress:
			c.drop(func(other *opened) bool { return other.wire.from.name == o.wire.from.name })
		case len(c.open) > c.most:
			c.drop(func(*opened) bool { return true })
		}
	case http.StateIdle:
		o.place = c.idle.PushBack(o)
	case http.StateActive:
	case http.StateHijacked, http.StateClosed:
		c.forget(o)
	}
}

// drop closes the one of some connections that is idle for longest. The one that came
// last is idle itself: there is one.
func (c *connections) drop(some func(*opened) bool) {
	for place := c.idle.Front(); place != nil; place = place.Next() {
		o := place.Value.(*opened)
		if !some(o) {
			continue
		}
		c.idle.Remove(place)
		c.condition.Note(context.Background(), fmt.Errorf("%d are open, the bound: find out who opens them; %d of %d are of %s",
			c.most, c.from[o.wire.from.name]-1, len(c.open)-1, o.wire.from.name))
		c.forget(o)
		conn := o.conn
		if encrypted, ok := conn.(*tls.Conn); ok {
			conn = encrypted.NetConn() // closing the other waits until the client takes its farewell
		}
		_ = conn.Close()
		return
	}
}

func (c *connections) forget(o *opened) {
	delete(c.open, o.conn)
	if c.from[o.wire.from.name]--; c.from[o.wire.from.name] == 0 {
		delete(c.from, o.wire.from.name)
	}
	o.wire.close()
}

// Condition returns that more connections came than may be open, within the last seconds.
func (c *connections) Condition(ctx context.Context) error {
	c.condition.OverAfter(ctx, 10*time.Second)
	return c.condition.Err(0)
}
