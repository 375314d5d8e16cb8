// Package certs holds what clients of TLS servers share: certificates that are read from
// their files for each connection, and errors that name the certificate that is wrong.
package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
)

// Files name the PEM files of a client. They are read for each connection, so that a
// renewed certificate is used without a restart.
type Files struct {
	// CA holds the certificates that verify the server; empty for the system's.
	CA string
	// Cert and Key are the client's own, both or none.
	Cert, Key string
}

// Config returns what a connection to a server needs, TLS 1.2 at least. name is the
// server's name, which its certificate must hold.
func (f Files) Config(name string) (*tls.Config, error) {
	config := &tls.Config{ServerName: name, MinVersion: tls.VersionTLS12}
	if f.CA != "" {
		pem, err := os.ReadFile(f.CA)
		if err != nil {
			return nil, fmt.Errorf("read the CA's certificates: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no PEM certificate", f.CA)
		}
	}
	if (f.Cert == "") != (f.Key == "") {
		return nil, errors.New("a client's certificate and its key go together: name both or none")
	}
	if f.Cert != "" {
		pair, err := tls.LoadX509KeyPair(f.Cert, f.Key)
		if err != nil {
			return nil, fmt.Errorf("read the client's certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// Invalid reports whether a connection failed because a certificate was not accepted:
// ours or the server's. That mends when the certificate is renewed.
func Invalid(err error) bool {
	var verification *tls.CertificateVerificationError
	var alert tls.AlertError
	return errors.As(err, &verification) || (errors.As(err, &alert) && strings.Contains(alert.Error(), "certificate")) || verifies(err)
}

func verifies(err error) bool {
	var invalid x509.CertificateInvalidError
	var host x509.HostnameError
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &invalid) || errors.As(err, &host) || errors.As(err, &unknown)
}

// Explain returns, for an error about a server's expired certificate, one that names the
// certificate, its validity and what to do. Its text is the same each time, so that a log
// can drop repetitions. Other errors it returns as they are.
func Explain(err error) error {
	var invalid x509.CertificateInvalidError
	if !errors.As(err, &invalid) || invalid.Reason != x509.Expired || invalid.Cert == nil {
		return err
	}
	c := invalid.Cert
	return &expired{
		text: fmt.Sprintf("the certificate of %s is valid from %s to %s only: renew it there, nothing needs a restart here",
			subject(c), c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339)),
		cause: err,
	}
}

// expired has a text of its own, because the cause's contains the current time.
type expired struct {
	text  string
	cause error
}

func (e *expired) Error() string { return e.text }
func (e *expired) Unwrap() error { return e.cause }

func subject(c *x509.Certificate) string {
	names := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return c.Subject.String()
	}
	return strings.Join(names, ", ")
}
