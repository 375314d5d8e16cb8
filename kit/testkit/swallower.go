package testkit

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
)

// Swallower is a proxy before a server. After Swallow, connections that were made before
// it stay open and lose every byte; later ones work. A network that drops the packets of
// old connections without closing them behaves like this.
type Swallower struct {
	listener         net.Listener
	network, address string
	era              atomic.Int64 // one more with every Swallow

	mu    sync.Mutex
	conns []net.Conn
}

// NewSwallower opens one before the server at an address, until the test ends.
func NewSwallower(tb testing.TB, network, address string) *Swallower {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is there at once
	if err != nil {
		tb.Fatal(err)
	}
	s := &Swallower{listener: listener, network: network, address: address}
	var serving sync.WaitGroup
	serving.Go(func() { s.serve(&serving) })
	tb.Cleanup(func() {
		_ = listener.Close()
		s.mu.Lock()
		for _, conn := range s.conns {
			_ = conn.Close()
		}
		s.mu.Unlock()
		serving.Wait()
	})
	return s
}

// Addr is where to connect.
func (s *Swallower) Addr() string { return s.listener.Addr().String() }

// Swallow begins to drop what is sent on the connections that are open.
func (s *Swallower) Swallow() { s.era.Add(1) }

func (s *Swallower) serve(serving *sync.WaitGroup) {
	for {
		client, err := s.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(s.network, s.address) //nolint:noctx // the test's own machine
		if err != nil {
			_ = client.Close()
			continue
		}
		s.mu.Lock()
		s.conns = append(s.conns, client, server)
		s.mu.Unlock()
		era := s.era.Load()
		serving.Go(func() { s.pass(server, client, era) })
		serving.Go(func() { s.pass(client, server, era) })
	}
}

func (s *Swallower) pass(to io.WriteCloser, from io.Reader, era int64) {
	part := make([]byte, 4096)
	for {
		n, err := from.Read(part)
		if s.era.Load() == era {
			_, _ = to.Write(part[:n])
		}
		if err != nil {
			break
		}
	}
	if s.era.Load() == era {
		_ = to.Close()
	}
}
