// Command secrets makes the credentials of a shop for development and tests, in the folder
// generated beside it, which is never committed: passwords of the databases, keys of the
// services, the key of identity, and a certificate for the ingress that signs itself. What is
// there stays, so that a database that knows its passwords goes on.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

// database is where the component postgres is reached.
const database = "postgres.shop-data.svc.cluster.local:5432"

// mails is where the component inbox takes them.
const mails = "smtp://inbox.shop-data.svc.cluster.local:1025"

func main() {
	folder := filepath.Join("deploy", "components", "secrets", "generated")
	if len(os.Args) == 2 {
		folder = os.Args[1]
	} else if len(os.Args) > 2 {
		fmt.Fprintln(os.Stderr, "usage: secrets [FOLDER]")
		os.Exit(2)
	}
	if err := run(folder); err != nil {
		fmt.Fprintln(os.Stderr, "secrets:", err)
		os.Exit(1)
	}
}

func run(folder string) error {
	if err := services.WriteServiceKeys(filepath.Join(folder, "keys"), services.Contexts()...); err != nil {
		return err
	}
	for _, role := range append([]string{"sandbox"}, services.Contexts()...) {
		password, err := keep(filepath.Join(folder, "passwords", role), rand.Text)
		if err != nil {
			return err
		}
		url := func() string {
			// The mesh encrypts the way.
			return fmt.Sprintf("postgres://shopmesh_%[1]s:%[2]s@%[3]s/shopmesh_%[1]s?sslmode=disable", role, password, database)
		}
		if _, err := keep(filepath.Join(folder, "database-urls", role), url); err != nil {
			return err
		}
	}
	if _, err := keep(filepath.Join(folder, "identity-key"), identity.NewKey().Reveal); err != nil {
		return err
	}
	if _, err := keep(filepath.Join(folder, "smtp-url"), func() string { return mails }); err != nil {
		return err
	}
	return keepCertificate(filepath.Join(folder, "tls.crt"), filepath.Join(folder, "tls.key"))
}

// keep returns what a file holds, which it makes where there is none.
func keep(path string, text func() string) (string, error) {
	held, err := os.ReadFile(path)
	if err == nil {
		return string(held), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", err
	}
	made := text()
	return made, os.WriteFile(path, []byte(made), 0o600)
}

// certificateLife is that of the ingress's certificate; a new one is made when less than a
// third of it is left, which make.sh knows, too.
const certificateLife = 90 * 24 * time.Hour

// keepCertificate makes a certificate that signs itself, for the names by which the ingress
// is reached in a cluster and from the machine itself.
func keepCertificate(certFile, keyFile string) error {
	if text, err := os.ReadFile(certFile); err == nil {
		if block, _ := pem.Decode(text); block != nil {
			cert, err := x509.ParseCertificate(block.Bytes)
			if err == nil && time.Until(cert.NotAfter) > certificateLife/3 {
				return nil
			}
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "Shopmesh, for development"},
		DNSNames:    []string{"shopmesh.localhost", "localhost", "ingress.shop-ingress", "ingress.shop-ingress.svc.cluster.local"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:   time.Now().Add(-time.Hour), NotAfter: time.Now().Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true, IsCA: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600),
	)
}
