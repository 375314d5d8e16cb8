package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"net"
	"net/http"
	"net/http/httptrace"
	"time"
)

// target is where calls go, and whom they trust.
type target struct {
	url, ca string
	// insecure takes every certificate: one for development signs itself.
	insecure bool
	// address is dialled in place of the URL's host, whose name then has no address here.
	address string
}

func (t *target) flags(f *flag.FlagSet) {
	f.StringVar(&t.url, "url", "", "where to call")
	f.StringVar(&t.ca, "ca", "", "certificate that verifies a https:// URL, as PEM text")
	f.BoolVar(&t.insecure, "insecure", false, "take every certificate")
	f.StringVar(&t.address, "address", "", "the host:port to dial, where it is not the URL's")
}

// client returns an HTTP client of its own connections, which speaks HTTP/2 where asked.
func (t *target) client(http2 bool) (*http.Client, error) {
	protocols := new(http.Protocols)
	if http2 {
		protocols.SetHTTP2(true)
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
	}
	transport := &http.Transport{Protocols: protocols, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.insecure}} //nolint:gosec // for development
	if t.ca != "" {
		transport.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !transport.TLSClientConfig.RootCAs.AppendCertsFromPEM([]byte(t.ca)) {
			return nil, errors.New("-ca holds no certificate")
		}
	}
	if t.address != "" {
		transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, t.address)
		}
	}
	return &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}, nil
}

// tracedConnection has a request tell whether it went over a connection of one before.
func tracedConnection(ctx context.Context) (context.Context, *bool) {
	reused := new(bool)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(got httptrace.GotConnInfo) { *reused = got.Reused }}), reused
}
