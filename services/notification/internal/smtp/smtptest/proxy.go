package smtptest

import (
	"bufio"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy stands before a real mail server, and can end a connection after the server
// took a mail and before the client learns of it.
type Proxy struct {
	listener net.Listener
	target   string
	serving  sync.WaitGroup

	mu   sync.Mutex
	cuts int // how many more answers to a message's end are kept from the client
	done int
	open map[net.Conn]bool
}

// NewProxy stands before the server at target, until the test ends. The first cuts
// mails are answered by the end of the connection.
func NewProxy(tb testing.TB, target string, cuts int) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, cuts: cuts, open: map[net.Conn]bool{}}
	p.serving.Go(p.accept)
	tb.Cleanup(func() {
		_ = listener.Close()
		p.mu.Lock()
		for c := range p.open {
			_ = c.Close()
		}
		p.mu.Unlock()
		p.serving.Wait()
	})
	return p
}

// Addr is the proxy's host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cuts counts the answers that were kept from the client.
func (p *Proxy) Cuts() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.done
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.open[client], p.open[server] = true, true
		p.mu.Unlock()
		ended := make(chan struct{}, 1) // size 1: the end of the client is reported once
		p.serving.Go(func() { p.upstream(client, server, ended) })
		p.serving.Go(func() { p.downstream(client, server, ended) })
	}
}

// upstream passes on what the client sends, line by line, and reports when a message ended.
func (p *Proxy) upstream(client, server net.Conn, ended chan<- struct{}) {
	defer func() { _ = client.Close(); _ = server.Close() }()
	in := bufio.NewReader(client)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		if line == ".\r\n" {
			ended <- struct{}{}
		}
		if _, err := io.WriteString(server, line); err != nil {
			return
		}
	}
}

func (p *Proxy) downstream(client, server net.Conn, ended <-chan struct{}) {
	defer func() { _ = client.Close(); _ = server.Close() }()
	in := bufio.NewReader(server)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		select {
		case <-ended:
			if p.cut() {
				return
			}
		default:
		}
		if _, err := io.WriteString(client, line); err != nil {
			return
		}
	}
}

func (p *Proxy) cut() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cuts == 0 {
		return false
	}
	p.cuts--
	p.done++
	return true
}
