package peer

import (
	"crypto/tls"
	"crypto/x509"
)

// Trust has peers believe one more authority, as a system's certificates do.
func (p *Peers) Trust(pem []byte) bool {
	roots := x509.NewCertPool()
	p.http.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	return roots.AppendCertsFromPEM(pem)
}
