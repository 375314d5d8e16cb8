package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// network holds every link between the parts of a shop.
type network struct {
	server *toxiproxy.ApiServer
	links  []*link
}

func newNetwork() *network {
	return &network{server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())}
}

// link is the way to one part: a relay, toxiproxy, and a relay again. Toxiproxy
// delays, cuts and swallows; it turns a connection that is closed in one direction
// into one that is closed in both, so the half-closing is done by the relays at
// either end.
type link struct {
	name        string
	front, back *relay
	server      *toxiproxy.ApiServer
	middle      atomic.Pointer[toxiproxy.Proxy]
}

// link opens a way to what dial reaches.
func (n *network) link(name string, dial func(ctx context.Context) (net.Conn, error)) (*link, error) {
	back, err := newRelay(dial)
	if err != nil {
		return nil, err
	}
	l := &link{name: name, back: back, server: n.server}
	if err := l.renew(); err != nil {
		return nil, err
	}
	l.front, err = newRelay(func(ctx context.Context) (net.Conn, error) { return dialTCP(ctx, l.middle.Load().Listen) })
	if err != nil {
		return nil, err
	}
	n.links = append(n.links, l)
	return l, nil
}

// renew gives the link a new toxiproxy, without toxics. The one before is left alone:
// one that does not take a toxic away holds its lock for ever.
func (l *link) renew() error {
	proxy := toxiproxy.NewProxy(l.server, l.name, "127.0.0.1:0", l.back.address())
	if err := proxy.Start(); err != nil {
		return fmt.Errorf("start the proxy of %s: %w", l.name, err)
	}
	l.middle.Store(proxy)
	return nil
}

func dialTCP(ctx context.Context, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

// close ends all links.
func (n *network) close() {
	for _, l := range n.links {
		l.front.close()
		go l.middle.Load().Stop() // it may wait for ever
		l.back.close()
	}
}

// address is where the link begins.
func (l *link) address() string { return l.front.address() }

// toxin is a fault that a link has for a while.
type toxin struct {
	name string
	// breaks reports that connections do not survive it.
	breaks bool
	apply  func(l *link, rng *rand.Rand) error
	cure   func(l *link) error
}

func toxins() []toxin {
	return []toxin{
		toxic("delay", false, "latency", func(rng *rand.Rand) map[string]any {
			return map[string]any{"latency": 50 + rng.IntN(1500), "jitter": rng.IntN(300)}
		}),
		toxic("trickle", false, "bandwidth", func(rng *rand.Rand) map[string]any {
			return map[string]any{"rate": 5 + rng.IntN(60)}
		}),
		toxic("slice", false, "slicer", func(rng *rand.Rand) map[string]any {
			return map[string]any{"average_size": 20 + rng.IntN(400), "size_variation": 10, "delay": rng.IntN(3000)}
		}),
		toxic("swallow", true, "timeout", func(*rand.Rand) map[string]any { return map[string]any{"timeout": 0} }),
		toxic("cut after bytes", true, "limit_data", func(rng *rand.Rand) map[string]any {
			return map[string]any{"bytes": rng.IntN(20_000)}
		}),
		toxic("reset", true, "reset_peer", func(rng *rand.Rand) map[string]any {
			return map[string]any{"timeout": rng.IntN(500)}
		}),
		toxic("close slowly", true, "slow_close", func(rng *rand.Rand) map[string]any {
			return map[string]any{"delay": 500 + rng.IntN(3000)}
		}),
		{
			name: "refuse", breaks: true,
			apply: func(l *link, _ *rand.Rand) error { l.middle.Load().Stop(); return nil },
			cure:  (*link).renew, // at another port: its own may be somebody else's by now
		},
		{
			name:  "half-close",
			apply: func(l *link, rng *rand.Rand) error { l.halfClose(rng.IntN(2) == 0); return nil },
			cure:  func(*link) error { return nil },
		},
		{
			name:  "cut once",
			apply: func(l *link, _ *rand.Rand) error { l.cut(); return nil },
			cure:  func(*link) error { return nil },
		},
	}
}

// toxic is a fault that toxiproxy knows, in one direction or both.
func toxic(name string, breaks bool, kind string, attributes func(rng *rand.Rand) map[string]any) toxin {
	return toxin{
		name: name, breaks: breaks,
		apply: func(l *link, rng *rand.Rand) error {
			streams := [][]string{{"upstream"}, {"downstream"}, {"upstream", "downstream"}}[rng.IntN(3)]
			for _, stream := range streams {
				text, err := json.Marshal(map[string]any{"type": kind, "stream": stream, "toxicity": 1, "attributes": attributes(rng)})
				if err != nil {
					return err
				}
				if _, err := l.middle.Load().Toxics.AddToxicJson(strings.NewReader(string(text))); err != nil {
					return fmt.Errorf("%s: %w", text, err)
				}
			}
			return nil
		},
		cure: func(l *link) error {
			done, sick := make(chan struct{}), l.middle.Load()
			go func() {
				defer close(done)
				sick.Toxics.ResetToxics(context.Background())
			}()
			// Toxiproxy may wait without end, for a paused process that does not read, for
			// instance. Then it is replaced, and its connections are cut.
			select {
			case <-done:
				return nil
			case <-time.After(2 * time.Second):
				err := l.renew()
				l.cut()
				return err
			}
		},
	}
}

// cut closes all connections.
func (l *link) cut() {
	l.front.cut()
	l.back.cut()
}

// halfClose ends what is sent in one direction of every connection, for one of its
// ends, while the other direction goes on.
func (l *link) halfClose(towardsServer bool) {
	if towardsServer {
		l.back.halfClose(func(p *pair) net.Conn { return p.server })
		return
	}
	l.front.halfClose(func(p *pair) net.Conn { return p.client })
}

// relay copies connections to what it dials, each direction until its end.
type relay struct {
	listener net.Listener
	dial     func(ctx context.Context) (net.Conn, error)
	ctx      context.Context
	stop     context.CancelFunc
	work     sync.WaitGroup

	mu    sync.Mutex
	pairs map[*pair]struct{}
}

type pair struct{ client, server net.Conn }

func newRelay(dial func(ctx context.Context) (net.Conn, error)) (*relay, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return newRelayOn(listener, dial), nil
}

func newRelayOn(listener net.Listener, dial func(ctx context.Context) (net.Conn, error)) *relay {
	r := &relay{listener: listener, dial: dial, pairs: map[*pair]struct{}{}}
	r.ctx, r.stop = context.WithCancel(context.Background())
	r.work.Go(r.accept)
	return r
}

func (r *relay) address() string { return r.listener.Addr().String() }

func (r *relay) close() {
	r.stop()
	_ = r.listener.Close()
	r.cut()
	r.work.Wait()
}

// accept takes connections until the relay is closed. A failure, such as too many open
// files, passes: a link that takes no more connections would be a fault without an end.
func (r *relay) accept() {
	for {
		client, err := r.listener.Accept()
		switch {
		case err == nil:
			r.work.Go(func() { r.serve(client) })
		case sleep(r.ctx, 10*time.Millisecond) != nil:
			return
		}
	}
}

func (r *relay) serve(client net.Conn) {
	ctx, cancel := context.WithTimeout(r.ctx, 5*time.Second)
	server, err := r.dial(ctx)
	cancel()
	if err != nil {
		_ = client.Close()
		return
	}
	p := &pair{client, server}
	r.mu.Lock()
	r.pairs[p] = struct{}{}
	r.mu.Unlock()
	if r.ctx.Err() != nil {
		p.close()
	}
	var both sync.WaitGroup
	both.Go(func() { p.copy(server, client) })
	both.Go(func() { p.copy(client, server) })
	both.Wait()
	p.close()
	r.mu.Lock()
	delete(r.pairs, p)
	r.mu.Unlock()
}

// copy passes one direction on. Its end is passed on as well; after a half-close
// of ours what is still sent is read and dropped, as a network would.
func (p *pair) copy(to, from net.Conn) {
	// Hidden from io.Copy, or it would have a pipe of two more open files for each direction.
	_, err := io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from})
	if err == nil {
		shutWrite(to)
		return
	}
	if _, err := io.Copy(io.Discard, from); err != nil {
		p.close()
	}
}

func (p *pair) close() {
	_ = p.client.Close()
	_ = p.server.Close()
}

func shutWrite(c net.Conn) {
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
}

func (r *relay) all() []*pair {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]*pair, 0, len(r.pairs))
	for p := range r.pairs {
		all = append(all, p)
	}
	return all
}

func (r *relay) cut() {
	for _, p := range r.all() {
		p.close()
	}
}

func (r *relay) halfClose(end func(*pair) net.Conn) {
	for _, p := range r.all() {
		shutWrite(end(p))
	}
}
