package rpc

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of the proxies whose X-Forwarded-For is believed. Without any,
// nobody's is: a client's address is that of its connection.
type Proxies []netip.Prefix

// ParseProxies reads addresses and networks (CIDR), separated by commas.
func ParseProxies(text string) (Proxies, error) {
	var proxies Proxies
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		network, err := netip.ParsePrefix(part)
		if address, single := netip.ParseAddr(part); single == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		switch {
		case err != nil || network.Addr().Is4In6():
			return nil, fmt.Errorf("%q is no address or network: write such as 10.0.0.0/8 or 192.0.2.7", part)
		case network.Bits() == 0:
			return nil, fmt.Errorf("%q is everybody: anybody could pretend to be anybody else; name the proxies' own networks", part)
		}
		proxies = append(proxies, network.Masked())
	}
	return proxies, nil
}

func (p Proxies) trust(address netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(address) })
}

// client returns whose request a proxy at remote passes on: the rightmost hop of
// X-Forwarded-For that is no trusted proxy. What stands left of it is what that client
// sent, and is not believed. A hop that is no address ends the search, because whoever
// wrote it is unknown: the client is then the proxy itself.
func (p Proxies) client(remote netip.Addr, header http.Header) netip.Addr {
	if !p.trust(remote) {
		return remote
	}
	lines := header.Values("X-Forwarded-For")
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var hop string
			if comma := strings.LastIndexByte(rest, ','); comma >= 0 {
				rest, hop = rest[:comma], rest[comma+1:]
			} else {
				hop, more = rest, false
			}
			address, ok := parseHop(strings.TrimSpace(hop))
			if !ok {
				return remote
			}
			if remote = address; !p.trust(address) {
				return address
			}
		}
	}
	return remote
}

// parseHop reads an address with or without a port.
func parseHop(hop string) (netip.Addr, bool) {
	if address, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]")); err == nil {
		return plainAddress(address), true
	}
	with, err := netip.ParseAddrPort(hop)
	return plainAddress(with.Addr()), err == nil
}

// plainAddress has neither a zone nor IPv4 in the form of IPv6.
func plainAddress(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }

// client is who sends requests, as far as an address shows it.
type client struct {
	// prefix is what one customer of a network has: an IPv4 address, and the /64 of an
	// IPv6 address. It is not valid for a client whose connection has no IP address.
	prefix netip.Prefix
	// name is the prefix as text.
	name string
}

func clientAt(address netip.Addr) client {
	if !address.IsValid() {
		return client{}
	}
	bits := address.BitLen()
	if bits > 64 {
		bits = 64
	}
	prefix, _ := address.Prefix(bits) // it fails for too many bits only
	if address.Is4() {
		return client{prefix, address.String()}
	}
	return client{prefix, prefix.String()}
}

// addressOf reads the address of a connection, such as 127.0.0.1:4711; it is not valid for
// one without an IP address.
func addressOf(remote string) netip.Addr {
	with, err := netip.ParseAddrPort(remote)
	if err != nil {
		return netip.Addr{}
	}
	return plainAddress(with.Addr())
}

func hostOf(address string) string {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return host
}

// ClientPrefix returns the network prefix that a call came from, by which clients without
// an account are distinguished: an IPv4 address, the /64 of an IPv6 address. It is not valid
// for a call within the process.
func ClientPrefix(ctx context.Context) netip.Prefix { return originOf(ctx).client.prefix }
