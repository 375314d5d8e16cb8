package domain

import "net/netip"

// Place returns what stands for where a call came from: the address of IPv4, and the
// first 64 bits of IPv6, since one customer of a provider has all addresses below them.
// What is no address is one place.
func Place(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil {
		return "unknown"
	}
	ip = ip.Unmap().WithZone("")
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return "unknown"
	}
	return prefix.String()
}
