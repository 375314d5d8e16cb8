package testkit

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// Server is a TLS server's certificate for 127.0.0.1 and localhost that a test can let
// expire and renew. It is signed by an authority of its own.
type Server struct {
	// CAFile is the PEM file that verifies it.
	CAFile string
	// Expired is when the expired one ended.
	Expired time.Time

	tb      testing.TB
	ca      *x509.Certificate
	key     *ecdsa.PrivateKey
	current atomic.Pointer[tls.Certificate]
}

// NewServer makes a certificate that is valid.
func NewServer(tb testing.TB) *Server {
	tb.Helper()
	s := &Server{tb: tb, CAFile: filepath.Join(tb.TempDir(), "ca.pem"), Expired: time.Now().Add(-time.Hour).UTC().Truncate(time.Second)}
	s.key = newKey(tb)
	s.ca = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "tests"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, s.ca, s.ca, s.key.Public(), s.key)
	if err != nil {
		tb.Fatal(err)
	}
	if s.ca, err = x509.ParseCertificate(der); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(s.CAFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		tb.Fatal(err)
	}
	s.Renew()
	return s
}

func newKey(tb testing.TB) *ecdsa.PrivateKey {
	tb.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

// Config is for the server; it presents the certificate that Expire or Renew chose last.
func (s *Server) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.current.Load(), nil },
	}
}

// Expire lets the server present a certificate that ended an hour ago.
func (s *Server) Expire() { s.present(s.Expired) }

// Renew lets it present one that is valid.
func (s *Server) Renew() { s.present(time.Now().Add(time.Hour)) }

// Write writes the current certificate and its key as PEM files.
func (s *Server) Write(certFile, keyFile string) {
	s.tb.Helper()
	s.write(s.current.Load(), certFile, keyFile)
}

// WriteFor writes a certificate of the same authority, for somebody of a name, and its key
// as PEM files. It is valid for an hour, for clients and for servers.
func (s *Server) WriteFor(name, certFile, keyFile string) {
	s.tb.Helper()
	s.write(s.issue(pkix.Name{CommonName: name}, time.Now().Add(time.Hour)), certFile, keyFile)
}

func (s *Server) write(c *tls.Certificate, certFile, keyFile string) {
	s.tb.Helper()
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		s.tb.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: c.Certificate[0]}, keyFile: {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			s.tb.Fatal(err)
		}
	}
}

func (s *Server) present(until time.Time) {
	s.tb.Helper()
	s.current.Store(s.issue(pkix.Name{}, until))
}

func (s *Server) issue(subject pkix.Name, until time.Time) *tls.Certificate {
	s.tb.Helper()
	key := newKey(s.tb)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: subject, DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-24 * time.Hour), NotAfter: until, KeyUsage: x509.KeyUsageDigitalSignature,
	}, s.ca, key.Public(), s.key)
	if err != nil {
		s.tb.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
