package peer

import (
	"context"
	"crypto/tls"
	"crypto/x509"
)

// IsVisitors reports whether calls with this context are a visitor's.
func IsVisitors(ctx context.Context) bool {
	_, is := visitorOf(ctx)
	return is
}

// Trust has peers believe one more authority, as a system's certificates do.
func (p *Peers) Trust(pem []byte) bool {
	roots := x509.NewCertPool()
	p.http.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return roots.AppendCertsFromPEM(pem)
}
