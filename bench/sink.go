package main

import (
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// sink is the SMTP server that mails are handed to. It keeps nothing but the
// time at which each order's mail came.
type sink struct {
	server *smtp.Server
	addr   string
	mailed chan string // numbers of orders whose mail came

	mu   sync.Mutex
	seen map[string]time.Time
	// double counts mails that came more than once.
	double int
}

func newSink() (*sink, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &sink{addr: listener.Addr().String(), mailed: make(chan string, 100_000), seen: map[string]time.Time{}}
	s.server = smtp.NewServer(s)
	s.server.Domain = "localhost"
	go func() { _ = s.server.Serve(listener) }()
	return s, nil
}

func (s *sink) close() { _ = s.server.Close() }

// NewSession begins a connection.
func (s *sink) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{sink: s}, nil }

type session struct{ sink *sink }

func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }
func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }

// Data reads a mail and notes whose it is: the subject ends or begins with the order's number.
func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if number := numberIn(string(text)); number != "" {
		s.sink.note(number)
	}
	return nil
}

// numberIn finds the order's number in the subject line "Order NUMBER …".
func numberIn(mail string) string {
	_, rest, ok := strings.Cut(mail, "Subject: Order ")
	if !ok || len(rest) < 9 {
		return ""
	}
	return rest[:9]
}

// has reports whether the mail of an order came.
func (s *sink) has(number string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, came := s.seen[number]
	return came
}

func (s *sink) note(number string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.seen[number]; ok {
		s.double++
		return
	}
	s.seen[number] = time.Now()
	s.mailed <- number
}
