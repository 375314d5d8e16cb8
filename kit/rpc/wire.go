package rpc

import (
	"context"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shopmesh/shopmesh/kit/load"
)

// wire is a client's connection, with the requests that are on it.
type wire struct {
	listener *exchangeCount
	remote   netip.Addr
	from     client // at remote, which may be a proxy

	mu        sync.Mutex
	client    *load.Connection // nil until a request counts
	exchanges map[*exchange]struct{}
	closed    bool
	stopping  bool
}

// exchangeCount counts the requests of a listener, and signals when none is left.
type exchangeCount struct {
	running atomic.Int64
	none    chan struct{} // gets a value when the count falls to 0; holds one at most
}

func (c *exchangeCount) add() { c.running.Add(1) }

func (c *exchangeCount) done() {
	if c.running.Add(-1) == 0 {
		select {
		case c.none <- struct{}{}:
		default:
		}
	}
}

type wireKey struct{}

// wireOf returns the connection of a request. A request that came through no listener
// of ours, as in a test, has one of its own, which the caller closes.
func wireOf(r *http.Request) (w *wire, own bool) {
	if known, ok := r.Context().Value(wireKey{}).(*wire); ok {
		return known, false
	}
	return newWire(&exchangeCount{none: make(chan struct{}, 1)}, r.RemoteAddr), true
}

func newWire(listener *exchangeCount, remote string) *wire {
	w := &wire{listener: listener, remote: addressOf(remote)}
	if w.from = clientAt(w.remote); !w.remote.IsValid() {
		w.from.name = hostOf(remote)
	}
	return w
}

// connection returns what the limiter counts for this connection.
func (w *wire) connection(limiter *load.Limiter) *load.Connection {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.client == nil {
		w.client = limiter.Connect(w.from.name)
		if w.closed {
			w.client.Close()
		}
	}
	return w.client
}

func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	w.closed = true
	if w.client != nil {
		w.client.Close()
	}
}

func (w *wire) begin(x *exchange) {
	w.listener.add()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.exchanges == nil {
		w.exchanges = make(map[*exchange]struct{}, 1)
	}
	w.exchanges[x] = struct{}{}
	if w.stopping {
		x.hurry()
	}
}

func (w *wire) end(x *exchange) {
	x.mu.Lock()
	x.over = true
	x.mu.Unlock()
	w.mu.Lock()
	delete(w.exchanges, x)
	w.mu.Unlock()
	w.listener.done()
}

// stop gives clients little time from now on.
func (w *wire) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopping = true
	for x := range w.exchanges {
		x.hurry()
	}
}

// exchange is a request and its answer. It bounds how long the client may take for
// each.
type exchange struct {
	controller *http.ResponseController
	client     client
	call       *load.Call       // nil when it is not counted
	behind     *load.Connection // stands for the client's own connection to a proxy; nil without one

	mu        sync.Mutex
	admission admission
	received  bool        // nothing more of the request is read
	arriving  *time.Timer // ends the reading
	sending   *time.Timer // ends the writing; made with the first write
	inWrite   bool
	sendLimit time.Duration
	hurried   bool // the process stops
	streams   bool // its messages are bounded one by one, in Streams
	over      bool // the handler is done: net/http panics when its writer is used after that
}

// interruptReading ends a read of the request, and interruptWriting a write of the answer;
// neither does anything once the exchange is over. Timers call them whenever they fire.
func (x *exchange) interruptReading() { x.interrupt(x.controller.SetReadDeadline) }

func (x *exchange) interruptWriting() { x.interrupt(x.controller.SetWriteDeadline) }

func (x *exchange) interrupt(set func(time.Time) error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if !x.over {
		_ = set(time.Unix(1, 0))
	}
}

// receive bounds how long the request may take to arrive.
func (x *exchange) receive(limit time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.hurried { // the request began after the stop did
		limit = min(limit, stallTimeout)
	}
	x.arriving = time.AfterFunc(limit, x.cutReading)
}

func (x *exchange) cutReading() {
	x.mu.Lock()
	defer x.mu.Unlock()
	// Once the body is read, the deadline would only end the connection.
	if !x.received && !x.over {
		_ = x.controller.SetReadDeadline(time.Unix(1, 0))
	}
}

// arrived ends what receive began.
func (x *exchange) arrived() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.received = true
	if x.arriving != nil {
		x.arriving.Stop()
	}
}

// stream leaves the bounds of what is sent to Streams.
func (x *exchange) stream() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.streams = true
	if x.sending != nil {
		x.sending.Stop()
	}
	_ = x.controller.SetWriteDeadline(time.Time{})
}

// write begins a write, and wrote ends it.
func (x *exchange) write() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.streams {
		return
	}
	x.inWrite = true
	if x.sending == nil {
		x.sending = time.AfterFunc(x.sendLimit, x.cutWriting)
	} else {
		x.sending.Reset(x.sendLimit)
	}
}

func (x *exchange) wrote() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.inWrite = false
	if x.sending != nil {
		x.sending.Stop()
	}
}

func (x *exchange) cutWriting() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.inWrite && !x.over {
		_ = x.controller.SetWriteDeadline(time.Unix(1, 0))
	}
}

// hurry gives the client stallTimeout from now for what is left of its request, and for
// each write from now on: the process stops.
func (x *exchange) hurry() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.hurried = true
	x.sendLimit = min(x.sendLimit, stallTimeout)
	if x.arriving != nil && !x.received {
		x.arriving.Reset(stallTimeout)
	}
	if x.inWrite && x.sending != nil {
		x.sending.Reset(stallTimeout)
	}
}

// withWire is a server's ConnContext hook.
func withWire(ctx context.Context, w *wire) context.Context {
	return context.WithValue(ctx, wireKey{}, w)
}
