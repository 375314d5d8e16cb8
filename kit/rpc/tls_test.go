package rpc_test

import (
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A listener with a certificate speaks TLS alone, in every protocol, and has browsers
// stay with it. A renewed certificate is presented from the next connection on; those that
// stand go on.
func TestEveryProtocolOverTLS(t *testing.T) {
	t.Parallel()
	issuer, dir := testkit.NewServer(t), t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issuer.Write(certFile, keyFile)
	server, err := certs.NewServer(certFile, keyFile, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	s := openEncrypted(t, server.Config(), &shop{})
	pem, err := os.ReadFile(issuer.CAFile)
	if err != nil {
		t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(pem)
	client := func(two bool) *http.Client {
		protocols := new(http.Protocols)
		protocols.SetHTTP1(!two)
		protocols.SetHTTP2(two)
		transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
		t.Cleanup(transport.CloseIdleConnections)
		return &http.Client{Transport: transport}
	}
	get := func(client *http.Client) answer { return s.send(t, client, "GET", "/v1/operations/status", "", nil) }
	standing := client(true)
	for name, client := range map[string]*http.Client{"HTTP/1.1": client(false), "HTTP/2": standing} {
		if got := get(client); got.status != http.StatusOK || got.header.Get("Strict-Transport-Security") != "max-age=31536000" {
			t.Errorf("REST over %s: %d %v", name, got.status, got.header)
		}
	}
	for name, options := range map[string][]connecthttp.Option{"Connect": nil, "Connect, GET": {connecthttp.WithHTTPGet()}, "gRPC-Web": {connecthttp.WithGRPCWeb()}, "gRPC": {connecthttp.WithGRPC()}} {
		rpcs := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connecthttp.NewTransport(standing, s.url, options...)))
		if _, err := rpcs.GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	conn, err := grpc.NewClient(s.addr, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12})))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if _, err := operationsv1.NewOperationsServiceClient(conn).GetStatus(t.Context(), &operationsv1.GetStatusRequest{}); err != nil {
		t.Errorf("gRPC of grpc-go: %v", err)
	}
	if res, err := http1(t).Get("http://" + s.addr + "/v1/operations/status"); err == nil { //nolint:noctx // refused at once
		_ = res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("without TLS: %d", res.StatusCode)
		}
	}
	old := &tls.Config{RootCAs: trusted, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} //nolint:gosec // must be refused
	if conn, err := tls.Dial("tcp", s.addr, old); err == nil {                                       //nolint:noctx // refused at once
		_ = conn.Close()
		t.Error("TLS 1.1 is spoken")
	}

	before := presented(t, s.addr, trusted)
	issuer.Renew()
	issuer.Write(certFile, keyFile)
	if after := presented(t, s.addr, trusted); after.Equal(before) {
		t.Error("the renewed certificate is not presented")
	}
	if got := get(standing); got.status != http.StatusOK {
		t.Errorf("on the standing connection: %d", got.status)
	}
}

// presented is the certificate that a new connection gets.
func presented(t *testing.T, address string, trusted *x509.CertPool) *x509.Certificate {
	t.Helper()
	conn, err := tls.Dial("tcp", address, &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}) //nolint:noctx // answered at once
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	return conn.ConnectionState().PeerCertificates[0]
}
