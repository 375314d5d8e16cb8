package certs

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
)

// Server holds the certificate of a server of ours. It looks at the files for each new
// connection: one that was renewed is used without a restart, and connections that stand
// go on. Files that don't fit together, as while they are being replaced, change nothing.
type Server struct {
	certFile, keyFile string
	condition         *condition.Condition

	mu      sync.Mutex
	current *tls.Certificate
	seen    [2]os.FileInfo // of the files that were read last, whether they were good or not
	failed  error          // why they were not
}

// NewServer reads a certificate, with the intermediate ones behind it, and its key from PEM
// files.
func NewServer(certFile, keyFile string, log *slog.Logger) (*Server, error) {
	s := &Server{certFile: certFile, keyFile: keyFile, condition: condition.New(log, "the certificate of this server needs to be looked after")}
	if err := s.read(); err != nil {
		return nil, err
	}
	return s, nil
}

// Config is the server's, for TLS 1.2 and newer.
func (s *Server) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate(), nil },
	}
}

// File returns where the certificate is.
func (s *Server) File() string { return s.certFile }

// Condition reads files that changed, and returns what is wrong: files that can't be used,
// or a certificate that is not valid now.
func (s *Server) Condition(ctx context.Context) error {
	leaf := s.certificate().Leaf
	s.mu.Lock()
	err := s.failed
	s.mu.Unlock()
	switch now := time.Now(); {
	case err != nil:
		err = fmt.Errorf("%w; the one before is still used", err)
	case now.After(leaf.NotAfter), now.Before(leaf.NotBefore):
		err = fmt.Errorf("the certificate of %s in %s is valid from %s to %s only: renew it there, nothing needs a restart",
			subject(leaf), s.certFile, leaf.NotBefore.UTC().Format(time.RFC3339), leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	s.condition.Notice(ctx, err)
	return s.condition.Err(0)
}

// certificate returns the one to present now.
func (s *Server) certificate() *tls.Certificate {
	s.mu.Lock()
	defer s.mu.Unlock()
	if seen, err := s.stat(); err == nil && !same(seen, s.seen) {
		s.failed = s.readLocked(seen)
	}
	return s.current
}

func (s *Server) read() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen, err := s.stat()
	if err != nil {
		return err
	}
	return s.readLocked(seen)
}

// stat returns what the files are at this moment. One that is away for a moment, as while
// it is being replaced, is looked for again with the next connection.
func (s *Server) stat() ([2]os.FileInfo, error) {
	var seen [2]os.FileInfo
	for i, path := range []string{s.certFile, s.keyFile} {
		info, err := os.Stat(path)
		if err != nil {
			return seen, fmt.Errorf("read the server's certificate: %w", err)
		}
		seen[i] = info
	}
	return seen, nil
}

func same(a, b [2]os.FileInfo) bool {
	for i := range a {
		if b[i] == nil || !os.SameFile(a[i], b[i]) || !a[i].ModTime().Equal(b[i].ModTime()) || a[i].Size() != b[i].Size() {
			return false
		}
	}
	return true
}

func (s *Server) readLocked(seen [2]os.FileInfo) error {
	pair, err := tls.LoadX509KeyPair(s.certFile, s.keyFile)
	s.seen = seen
	if err != nil {
		return fmt.Errorf("read the server's certificate from %s and its key from %s: %w", s.certFile, s.keyFile, err)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return fmt.Errorf("read the server's certificate from %s: %w", s.certFile, err)
		}
	}
	s.current = &pair
	return nil
}

// Pin returns a configuration for a client on the server's own machine: it takes the first
// certificate in a PEM file and no other, whatever names that has and whoever signed it.
// The file is read for each connection.
func Pin(file string) *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection compares the whole certificate instead
		VerifyConnection: func(state tls.ConnectionState) error {
			text, err := os.ReadFile(file)
			if err != nil {
				return fmt.Errorf("read the server's certificate: %w", err)
			}
			block, _ := pem.Decode(text)
			if block == nil || len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, block.Bytes) {
				return fmt.Errorf("the server has another certificate than the one in %s", file)
			}
			return nil
		},
	}
}
