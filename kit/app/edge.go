package app

import (
	"fmt"
	"log/slog"
	"net"
	"slices"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// The variables of the edge: what must be known before an address is opened. All else is set
// by its settings.
const (
	TrustedProxiesVariable = "SHOPMESH_TRUSTED_PROXIES"
	TLSCertVariable        = "SHOPMESH_TLS_CERT"
	TLSKeyVariable         = "SHOPMESH_TLS_KEY"
)

// Edge is how the outside world reaches a process. The zero Edge is for loopback.
type Edge struct {
	// Proxies pass clients' requests on to the API and name the client in X-Forwarded-For.
	Proxies rpc.Proxies
	// Limited bounds how often a client may call the API where the settings of the edge state
	// no rates: the process has no mesh before it that does.
	Limited bool
	// Certificate lets both listeners speak TLS alone; nil without.
	Certificate *certs.Server
}

// EdgeVariables returns the environment variables of the edge.
func EdgeVariables() []Variable {
	return []Variable{
		{Name: TLSCertVariable, About: "PEM file of the certificate of both addresses, which then speak TLS alone"},
		{Name: TLSKeyVariable, About: "PEM file of its key"},
		{Name: TrustedProxiesVariable, About: "addresses and networks of the proxies that name the client in X-Forwarded-For, such as 10.0.0.0/8"},
	}
}

// ReadEdge reads an Edge. lookup returns the value of a variable, empty when it is not set,
// and the name under which it was given, for the problems.
func ReadEdge(lookup func(variable string) (name, value string), log *slog.Logger) (edge Edge, problems []error) {
	problem := func(name string, err error) {
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", name, err))
		}
	}
	var err error
	name, value := lookup(TrustedProxiesVariable)
	edge.Proxies, err = rpc.ParseProxies(value)
	problem(name, err)
	certName, cert := lookup(TLSCertVariable)
	keyName, key := lookup(TLSKeyVariable)
	switch {
	case cert == "" && key == "":
	case cert == "" || key == "":
		problems = append(problems, fmt.Errorf("%s and %s go together: name a certificate and its key", certName, keyName))
	default:
		edge.Certificate, err = certs.NewServer(cert, key, log)
		problem(certName, err)
	}
	return edge, problems
}

// CheckListen refuses an address that other machines can reach in the clear: passwords and
// tokens would be read on the way. A proxy that is named encrypts, or its mesh does. remedy
// is how to name a certificate, and proxies.
func (e Edge) CheckListen(address, certificate, proxies string) error {
	loopback, err := isLoopback(address)
	if err != nil {
		return err
	}
	if loopback || e.Certificate != nil || len(e.Proxies) > 0 {
		return nil
	}
	return fmt.Errorf("%q can be reached from other machines, and what comes there is not encrypted: name a certificate with %s, "+
		"or the proxies before it with %s, or listen on a loopback address, such as 127.0.0.1", address, certificate, proxies)
}

// isLoopback reports whether this machine alone reaches an address.
func isLoopback(address string) (bool, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false, fmt.Errorf("%q is no address: write HOST:PORT", address)
	}
	if host == "localhost" {
		return true, nil
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback(), nil
}

// Public reports whether others than this machine reach a program that listens on these
// addresses: one of them is not loopback, or there are proxies before it, which pass on what
// others send.
func (e Edge) Public(listen ...string) bool {
	return len(e.Proxies) > 0 || slices.ContainsFunc(listen, func(address string) bool { return !OnLoopback(address) })
}

// OnLoopback reports whether an address is one that this machine alone reaches.
func OnLoopback(address string) bool {
	loopback, err := isLoopback(address)
	return err == nil && loopback
}
