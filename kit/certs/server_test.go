package certs_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// While the files are replaced, and when they were replaced by what can't be used, the
// server goes on with the certificate that it has, and reports what is wrong. Once they are
// good, the new one is presented.
func TestAServerKeepsItsCertificateUntilTheNewOneIsGood(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issuer.Write(certFile, keyFile)
	server, err := certs.NewServer(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	first := present(t, server.Config())
	if err := server.Condition(t.Context()); err != nil {
		t.Errorf("a good certificate: %v", err)
	}
	issuer.Renew()
	issuer.Write(certFile, filepath.Join(dir, "the key that comes later"))
	if got := present(t, server.Config()); !bytes.Equal(got, first) {
		t.Error("a certificate without its key is presented")
	}
	if err := server.Condition(t.Context()); err == nil || !strings.Contains(err.Error(), certFile) || !strings.Contains(err.Error(), "the one before is still used") {
		t.Errorf("a certificate without its key: %v", err)
	}
	if err := os.Rename(filepath.Join(dir, "the key that comes later"), keyFile); err != nil {
		t.Fatal(err)
	}
	if got := present(t, server.Config()); bytes.Equal(got, first) {
		t.Error("the renewed certificate is not presented")
	}
	if err := server.Condition(t.Context()); err != nil {
		t.Errorf("a renewed certificate: %v", err)
	}
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	if got := present(t, server.Config()); bytes.Equal(got, first) {
		t.Error("a key that is away takes the certificate with it")
	}
	issuer.Expire()
	issuer.Write(certFile, keyFile)
	present(t, server.Config())
	if err := server.Condition(t.Context()); err == nil || !strings.Contains(err.Error(), "127.0.0.1") || !strings.Contains(err.Error(), "renew it") {
		t.Errorf("an expired certificate: %v", err)
	}
}

func TestAServerNeedsACertificate(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), t.TempDir()
	certFile, keyFile, other := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"), filepath.Join(dir, "other.key")
	issuer.Write(certFile, keyFile)
	issuer.WriteFor("another", filepath.Join(dir, "other.crt"), other)
	for name, files := range map[string][2]string{
		"no certificate": {filepath.Join(dir, "none"), keyFile}, "no key": {certFile, filepath.Join(dir, "none")},
		"another's key": {certFile, other}, "no PEM": {keyFile, keyFile},
	} {
		if _, err := certs.NewServer(files[0], files[1], slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A client on the same machine takes the certificate that is in the file, whoever
// signed it, and no other; also after it was renewed.
func TestAClientKnowsItsOwnServer(t *testing.T) {
	t.Parallel()
	issuer := testkit.NewServer(t)
	var servers [2]*certs.Server
	for i := range servers {
		dir := t.TempDir()
		certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
		issuer.WriteFor("shop.example", certFile, keyFile)
		var err error
		if servers[i], err = certs.NewServer(certFile, keyFile, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
	}
	pinned := certs.Pin(servers[0].File())
	if err := shake(servers[0].Config(), pinned, nil); err != nil {
		t.Errorf("its own: %v", err)
	}
	if err := shake(servers[1].Config(), pinned, nil); err == nil || !strings.Contains(err.Error(), "another certificate") {
		t.Errorf("another: %v", err)
	}
	issuer.WriteFor("shop.example", servers[0].File(), filepath.Join(filepath.Dir(servers[0].File()), "tls.key"))
	if err := shake(servers[0].Config(), pinned, nil); err != nil {
		t.Errorf("its own, renewed: %v", err)
	}
}

// present returns the certificate that a client of a server gets.
func present(t *testing.T, server *tls.Config) []byte {
	t.Helper()
	var got []byte
	client := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: true} //nolint:gosec // the test compares it
	if err := shake(server, client, func(state tls.ConnectionState) { got = state.PeerCertificates[0].Raw }); err != nil {
		t.Fatal(err)
	}
	return got
}

// shake connects a client with a server.
func shake(server, client *tls.Config, seen func(tls.ConnectionState)) error {
	listener, err := tls.Listen("tcp", "127.0.0.1:0", server)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		_, _ = io.Copy(io.Discard, conn)
		_ = conn.Close()
	}()
	conn, err := tls.Dial("tcp", listener.Addr().String(), client) //nolint:noctx // it is there at once
	if err != nil {
		return err
	}
	if seen != nil {
		seen(conn.ConnectionState())
	}
	return conn.Close()
}
