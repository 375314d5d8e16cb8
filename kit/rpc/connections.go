package rpc

import (
	"container/list"
	"context"
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

// connections bounds the open connections of a listener. Where one too many comes, the
// one goes that has been without a request for longest: idle connections, however many
// somebody opens, keep nobody out. Where all are in use, the new one goes.
type connections struct {
	most      int
	condition *condition.Condition

	mu   sync.Mutex
	idle *list.List                 // of net.Conn, the one that is idle for longest first
	open map[net.Conn]*list.Element // its place among the idle, nil when it is in use
}

// newConnections bounds to most, or to half of the descriptors that the process may have.
func newConnections(most int, log *slog.Logger) *connections {
	return &connections{
		most: max(1, min(most, descriptors()/2)), idle: list.New(), open: make(map[net.Conn]*list.Element),
		condition: condition.New(log, "more connections come than may be open; those go that are idle for longest"),
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
	if place := c.open[conn]; place != nil {
		c.idle.Remove(place)
	}
	switch state {
	case http.StateNew:
		c.open[conn] = c.idle.PushBack(conn)
		if len(c.open) > c.most {
			c.drop()
		}
	case http.StateIdle:
		if _, known := c.open[conn]; known { // else it was dropped at this moment
			c.open[conn] = c.idle.PushBack(conn)
		}
	case http.StateActive:
		if _, known := c.open[conn]; known {
			c.open[conn] = nil
		}
	case http.StateHijacked, http.StateClosed:
		delete(c.open, conn)
	}
}

// drop closes the connection that is idle for longest. The one that came last is idle
// itself: there is one.
func (c *connections) drop() {
	first := c.idle.Front()
	conn := c.idle.Remove(first).(net.Conn)
	delete(c.open, conn)
	_ = conn.Close()
	c.condition.Note(context.Background(), fmt.Errorf("%d are open, the bound: find out who opens them", c.most))
}

// Condition says that more connections came than may be open, within the last seconds.
func (c *connections) Condition(ctx context.Context) error {
	c.condition.OverAfter(ctx, 10*time.Second)
	return c.condition.Err(0)
}
