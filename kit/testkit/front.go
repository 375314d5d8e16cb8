package testkit

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// Front is a TLS proxy before a server without TLS, with the certificate of a Server: for
// HTTP/2, PostgreSQL, and every protocol that begins with TLS.
type Front struct {
	config  *tls.Config
	network string
	address string

	listener net.Listener
	serving  sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
}

// Front opens a front before the server at an address, until the test ends.
func (s *Server) Front(network, address string) *Front {
	s.tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is there at once
	if err != nil {
		s.tb.Fatal(err)
	}
	f := &Front{config: s.Config(), network: network, address: address, listener: listener, conns: make(map[net.Conn]bool)}
	f.config.NextProtos = []string{"h2"}
	f.serving.Go(f.serve)
	s.tb.Cleanup(func() {
		_ = listener.Close()
		f.Cut()
		f.serving.Wait()
	})
	return f
}

// Addr is where to connect.
func (f *Front) Addr() string { return f.listener.Addr().String() }

// Cut closes all connections, so that clients connect again and see the certificate.
func (f *Front) Cut() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for conn := range f.conns {
		_ = conn.Close()
	}
}

func (f *Front) serve() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.mu.Lock()
		f.conns[conn] = true
		f.mu.Unlock()
		f.serving.Go(func() {
			f.pass(conn)
			_ = conn.Close()
			f.mu.Lock()
			delete(f.conns, conn)
			f.mu.Unlock()
		})
	}
}

// sslRequest is what a client of PostgreSQL sends before TLS begins.
const sslRequest = 80877103

// pass copies in both directions until one ends.
func (f *Front) pass(conn net.Conn) {
	begin := bufio.NewReader(conn)
	if first, err := begin.Peek(8); err != nil {
		return
	} else if binary.BigEndian.Uint32(first[4:]) == sslRequest {
		if _, err := begin.Discard(8); err != nil {
			return
		}
		if _, err := conn.Write([]byte("S")); err != nil {
			return
		}
	}
	inside := tls.Server(begun{conn, begin}, f.config)
	behind, err := net.Dial(f.network, f.address) //nolint:noctx // the test's own machine
	if err != nil {
		return
	}
	var copying sync.WaitGroup
	copying.Go(func() {
		_, _ = io.Copy(behind, inside)
		_ = behind.Close()
	})
	_, _ = io.Copy(inside, behind)
	_ = inside.Close()
	copying.Wait()
}

// begun is a connection whose first bytes a reader holds.
type begun struct {
	net.Conn

	reader *bufio.Reader
}

func (b begun) Read(p []byte) (int, error) { return b.reader.Read(p) }

// Listeners makes listeners whose connections a test can close. The zero value is ready.
type Listeners struct {
	mu    sync.Mutex
	conns []net.Conn
}

// Listen is net.Listen.
func (l *Listeners) Listen(network, address string) (net.Listener, error) {
	listener, err := net.Listen(network, address) //nolint:noctx // as net.Listen
	if err != nil {
		return nil, err
	}
	return cuttable{listener, l}, nil
}

// Cut closes all connections that were accepted.
func (l *Listeners) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, conn := range l.conns {
		_ = conn.Close()
	}
	l.conns = nil
}

type cuttable struct {
	net.Listener

	all *Listeners
}

func (c cuttable) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.all.mu.Lock()
		c.all.conns = append(c.all.conns, conn)
		c.all.mu.Unlock()
	}
	return conn, err
}
