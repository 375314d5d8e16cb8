// Package smtp hands mails to a mail server: a few connections that stay open, one
// mail at a time on each, and an answer that reports whether trying again can help.
package smtp

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/shopmesh/shopmesh/kit/certs"
)

// Encryption is how a connection that begins in the clear goes on.
type Encryption string

// The values of the URL's starttls parameter.
const (
	// Required refuses a server without STARTTLS.
	Required Encryption = "required"
	// Opportunistic takes STARTTLS where it is offered.
	Opportunistic Encryption = "opportunistic"
	// Never stays in the clear.
	Never Encryption = "never"
)

// Server is where the mail server is and how it is reached.
type Server struct {
	Host string
	Port string
	// TLS encrypts from the start (smtps).
	TLS bool
	// STARTTLS applies without TLS.
	STARTTLS Encryption
	// User and Password authenticate; both are empty where no one signs in.
	User, Password string
	// CA is the PEM file that verifies the server's certificate, read for each
	// connection; empty means the system's.
	CA string
}

// ParseURL reads where the mail server is:
//
//	smtp://user:password@host:port    port 587 with a user, else 25
//	smtps://user:password@host:port   TLS from the start, port 465
//
// with the parameters starttls=required|opportunistic|never (smtp only; required
// where there is a password, except on the loopback interface; else opportunistic)
// and ca=FILE, the PEM certificates that verify the server instead of the system's.
// A password never travels in the clear but on loopback. Errors don't quote the URL.
func ParseURL(raw string) (Server, error) {
	if raw == "" {
		return Server{}, errors.New("SHOPMESH_SMTP_URL is not set: give the mail server's URL, such as smtp://user:password@host:587")
	}
	u, err := url.Parse(raw)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" {
		return Server{}, errors.New("the mail server's URL must look like smtp://user:password@host:587 or smtps://user:password@host:465")
	}
	s := Server{Host: u.Hostname(), Port: u.Port(), TLS: u.Scheme == "smtps", User: u.User.Username()}
	s.Password, _ = u.User.Password()
	if (s.User == "") != (s.Password == "") {
		return Server{}, errors.New("the mail server's URL has a user without a password, or a password without a user")
	}
	if s.Port == "" {
		s.Port = s.defaultPort()
	}
	if n, err := strconv.Atoi(s.Port); err != nil || n < 1 || n > 65535 {
		return Server{}, errors.New("the port in the mail server's URL must be from 1 to 65535")
	}
	if err := s.parameters(u.RawQuery); err != nil {
		return Server{}, err
	}
	return s, nil
}

func (s *Server) parameters(raw string) error {
	given, err := url.ParseQuery(raw)
	if err != nil {
		return errors.New("the parameters of the mail server's URL can't be read")
	}
	s.STARTTLS = Opportunistic
	if s.Password != "" && !s.loopback() {
		s.STARTTLS = Required
	}
	for name, values := range given {
		switch value := values[len(values)-1]; name {
		case "starttls":
			s.STARTTLS = Encryption(value)
			if s.TLS || (s.STARTTLS != Required && s.STARTTLS != Opportunistic && s.STARTTLS != Never) {
				return errors.New("starttls in the mail server's URL must be required, opportunistic or never, and goes with smtp only")
			}
		case "ca":
			s.CA = value
			if _, err := s.tlsConfig(); err != nil {
				return fmt.Errorf("ca in the mail server's URL: %w", err)
			}
		default:
			return fmt.Errorf("the mail server's URL has an unknown parameter %q: there are starttls and ca", name)
		}
	}
	if s.Password != "" && !s.TLS && s.STARTTLS != Required && !s.loopback() {
		return errors.New("the mail server's URL would send its password in the clear: use starttls=required or smtps")
	}
	return nil
}

func (s *Server) defaultPort() string {
	switch {
	case s.TLS:
		return "465"
	case s.User != "":
		return "587"
	default:
		return "25"
	}
}

func (s *Server) loopback() bool {
	if s.Host == "localhost" {
		return true
	}
	ip := net.ParseIP(s.Host)
	return ip != nil && ip.IsLoopback()
}

func (s *Server) address() string { return net.JoinHostPort(s.Host, s.Port) }

func (s *Server) tlsConfig() (*tls.Config, error) { return certs.Files{CA: s.CA}.Config(s.Host) }
