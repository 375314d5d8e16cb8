// Package smtptest gives tests mail servers that misbehave: Server answers what a
// test wants, and Proxy cuts connections to a real server. Only tests import it.
package smtptest

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
)

// Cut as a reply ends the connection instead.
const Cut = "cut"

// Server is a mail server that answers what a test wants.
type Server struct {
	listener net.Listener
	reply    func(verb, argument string) string
	tls      *tls.Config
	offers   []string

	mu          sync.Mutex
	mails       []Received
	connections int
	open        map[net.Conn]bool
	serving     sync.WaitGroup
}

// Received is a mail that the server took, or was sent before it refused it.
type Received struct {
	From, To string
	// Raw is the message; MessageID its Message-ID.
	Raw, MessageID string
}

// Options are what a server does beside the usual.
type Options struct {
	// Reply answers a verb (EHLO, MAIL, RCPT, DATA, RSET, NOOP, AUTH, or "." at a
	// message's end) with something else than usual; empty for the usual.
	Reply func(verb, argument string) string
	// TLS offers STARTTLS.
	TLS *tls.Config
	// Offers are further extensions.
	Offers []string
}

// New starts a server that ends with the test.
func New(tb testing.TB, o Options) *Server {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{listener: listener, reply: o.Reply, tls: o.TLS, offers: o.Offers, open: map[net.Conn]bool{}}
	if s.reply == nil {
		s.reply = func(string, string) string { return "" }
	}
	s.serving.Go(s.accept)
	tb.Cleanup(s.close)
	return s
}

// Addr is the server's host:port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Mails are those that came so far, in order, with those that were refused at their end.
func (s *Server) Mails() []Received {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Received(nil), s.mails...)
}

// Connections counts those that there were.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// CutAll ends every connection.
func (s *Server) CutAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.open {
		_ = c.Close()
	}
}

func (s *Server) close() {
	_ = s.listener.Close()
	s.CutAll()
	s.serving.Wait()
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.connections++
		s.open[c] = true
		s.mu.Unlock()
		s.serving.Go(func() {
			s.serve(c)
			s.mu.Lock()
			delete(s.open, c)
			s.mu.Unlock()
			_ = c.Close()
		})
	}
}

// conversation is one connection's state.
type conversation struct {
	net.Conn
	in       *bufio.Reader
	from, to string
}

func (s *Server) serve(raw net.Conn) {
	c := &conversation{Conn: raw, in: bufio.NewReader(raw)}
	c.reply("220 test")
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		verb, argument, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		verb = strings.ToUpper(verb)
		answer := s.reply(verb, argument)
		if answer == Cut {
			return
		}
		if answer != "" {
			c.reply(answer)
			continue
		}
		if !s.usual(c, verb, argument) {
			return
		}
	}
}

func (c *conversation) reply(line string) { _, _ = io.WriteString(c, line+"\r\n") }

func (s *Server) usual(c *conversation, verb, argument string) bool {
	switch verb {
	case "EHLO":
		lines := append([]string{"test"}, s.offers...)
		if _, encrypted := c.Conn.(*tls.Conn); s.tls != nil && !encrypted {
			lines = append(lines, "STARTTLS")
		}
		for i, line := range lines {
			separator := "-"
			if i == len(lines)-1 {
				separator = " "
			}
			c.reply("250" + separator + line)
		}
	case "STARTTLS":
		c.reply("220 go on")
		c.Conn = tls.Server(c.Conn, s.tls)
		c.in = bufio.NewReader(c.Conn)
	case "AUTH":
		c.reply("235 welcome")
	case "MAIL", "RSET":
		c.from, c.to = argument, ""
		c.reply("250 OK")
	case "RCPT":
		if c.from == "" {
			c.reply("503 5.5.1 from whom?")
			return true
		}
		c.to = argument
		c.reply("250 OK")
	case "DATA":
		if c.to == "" {
			c.reply("503 5.5.1 to whom?")
			return true
		}
		c.reply("354 go on")
		return s.message(c)
	case "QUIT":
		c.reply("221 bye")
		return false
	default:
		c.reply("250 OK")
	}
	return true
}

func (s *Server) message(c *conversation) bool {
	var raw strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		raw.WriteString(strings.TrimPrefix(line, "."))
	}
	got := Received{From: c.from, To: c.to, Raw: raw.String()}
	c.from, c.to = "", ""
	if parsed, err := mail.ReadMessage(strings.NewReader(got.Raw)); err == nil {
		got.MessageID = parsed.Header.Get("Message-ID")
	}
	s.mu.Lock()
	s.mails = append(s.mails, got)
	s.mu.Unlock()
	switch answer := s.reply(".", got.MessageID); answer {
	case Cut:
		return false
	case "":
		c.reply("250 2.0.0 taken")
	default:
		c.reply(answer)
	}
	return true
}

// Times returns a reply for the first n times that a verb comes, and the usual
// afterwards.
func Times(n int, verb, reply string) func(string, string) string {
	var mu sync.Mutex
	return func(got, _ string) string {
		mu.Lock()
		defer mu.Unlock()
		if got != verb || n == 0 {
			return ""
		}
		n--
		return reply
	}
}

// Both returns the first reply that one of two has.
func Both(one, other func(string, string) string) func(string, string) string {
	return func(verb, argument string) string {
		if reply := one(verb, argument); reply != "" {
			return reply
		}
		return other(verb, argument)
	}
}

// URL is a server's address as an SMTP URL.
func URL(address string) string { return fmt.Sprintf("smtp://%s", address) }
