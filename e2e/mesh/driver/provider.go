package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"flag"
	"math/big"
	"net/http"
	"os"
	"time"
)

// Provided is what the provider answers: where a request came out.
type Provided struct {
	// Pod is the provider's own, and Host what the client called it.
	Pod  string `json:"pod"`
	Host string `json:"host"`
}

// provide stands in for a host outside: by TLS, with a certificate that it signs itself.
func provide(ctx context.Context, args []string) (any, error) {
	var listen string
	if err := parse("provide", args, func(f *flag.FlagSet) {
		f.StringVar(&listen, "listen", ":8443", "where")
	}); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	pod, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	server := &http.Server{
		Addr: listen, ReadHeaderTimeout: 5 * time.Second,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{certificate}, PrivateKey: key}}},
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = json.NewEncoder(w).Encode(Provided{Pod: pod, Host: r.Host})
		}),
	}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.ListenAndServeTLS("", ""); !errors.Is(err, http.ErrServerClosed) {
		return nil, err
	}
	return nil, nil
}
