package app

import (
	"fmt"
	"net"
	"net/url"
	"strings"
)

// PublicURLVariable names the variable that holds where the shop is reached.
const PublicURLVariable = "SHOPMESH_PUBLIC_URL"

// DefaultPublicURL is that of a shop in one process that is given none and listens on
// listen, with TLS or not: a name that leads to the machine itself (RFC 6761), with the port.
// A port that is chosen at each start (0) is left out: tokens name the URL, and stay good
// after the next.
func DefaultPublicURL(listen string, encrypted bool) string {
	scheme, usual, host := "http://", "80", "shopmesh.localhost"
	if encrypted {
		scheme, usual = "https://", "443"
	}
	if _, port, err := net.SplitHostPort(listen); err == nil && port != "" && port != "0" && port != usual {
		host = net.JoinHostPort(host, port)
	}
	return scheme + host
}

// TokenAudience is what access tokens are for (aud): the services of the shop.
const TokenAudience = "shopmesh"

// ParsePublicURL checks the URL at which a shop is reached, such as https://shop.example.
// Tokens name it as their issuer, and mails link to it, so it has one form: no path, no
// user, nothing behind it.
func ParsePublicURL(text string) (string, error) {
	parsed, err := url.Parse(text)
	if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Hostname() == "" ||
		parsed.Scheme+"://"+strings.ToLower(parsed.Host) != strings.TrimSuffix(text, "/") {
		return "", fmt.Errorf("%q is no URL of a shop: write scheme and host in small letters, such as https://shop.example", text)
	}
	return strings.TrimSuffix(text, "/"), nil
}
