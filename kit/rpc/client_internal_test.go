package rpc

import (
	"net/http"
	"net/netip"
	"testing"
)

// The client is the rightmost hop that is no trusted proxy. Whatever stands left of it, it
// wrote itself.
func TestTheClientIsTheRightmostHopThatIsNoProxy(t *testing.T) {
	t.Parallel()
	proxies, err := ParseProxies("10.0.0.0/8, 192.0.2.7 ,2001:db8:ff::/48")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		remote string
		header []string
		want   string
	}{
		{"203.0.113.9:1", nil, "203.0.113.9"},
		{"203.0.113.9:1", []string{"198.51.100.1"}, "203.0.113.9"},
		{"10.1.2.3:1", nil, "10.1.2.3"},
		{"10.1.2.3:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"127.0.0.1, 198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"127.0.0.1, 198.51.100.1, 10.9.9.9,192.0.2.7"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"127.0.0.1", "198.51.100.1", "10.9.9.9"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"198.51.100.1:4711"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"[2001:db8::1]:4711"}, "2001:db8::1"},
		{"10.1.2.3:1", []string{"[2001:db8::1]"}, "2001:db8::1"},
		{"10.1.2.3:1", []string{"2001:db8::1%eth0"}, "2001:db8::1"},
		{"10.1.2.3:1", []string{"::ffff:198.51.100.1"}, "198.51.100.1"},
		{"[::ffff:10.1.2.3]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"[2001:db8:ff::1]:1", []string{"198.51.100.1"}, "198.51.100.1"},
		{"10.1.2.3:1", []string{"10.7.7.7, 10.8.8.8"}, "10.7.7.7"},
		// Who wrote these is not known: nobody, but a proxy that was misled.
		{"10.1.2.3:1", []string{""}, "10.1.2.3"},
		{"10.1.2.3:1", []string{"198.51.100.1, unknown"}, "10.1.2.3"},
		{"10.1.2.3:1", []string{"198.51.100.1, unknown, 10.9.9.9"}, "10.9.9.9"},
		{"10.1.2.3:1", []string{"198.51.100.1,"}, "10.1.2.3"},
	} {
		got := proxies.client(addressOf(row.remote), http.Header{"X-Forwarded-For": row.header})
		if got.String() != row.want {
			t.Errorf("%s with %q: %v, want %s", row.remote, row.header, got, row.want)
		}
	}
	if got := Proxies(nil).client(addressOf("127.0.0.1:1"), http.Header{"X-Forwarded-For": {"198.51.100.1"}}); got.String() != "127.0.0.1" {
		t.Errorf("without proxies: %v", got)
	}
}

func TestProxiesAreWritten(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"0.0.0.0/0", "::/0", "10.0.0.0/8,10.0.0", "ingress", "10.0.0.0/33", "::ffff:10.0.0.0/104", "fe80::1%eth0"} {
		if got, err := ParseProxies(text); err == nil {
			t.Errorf("%q is taken for %v", text, got)
		}
	}
	if got, err := ParseProxies(""); err != nil || got != nil {
		t.Errorf("none: %v %v", got, err)
	}
	if got, err := ParseProxies("10.1.2.3/8"); err != nil || len(got) != 1 || got[0] != netip.MustParsePrefix("10.0.0.0/8") {
		t.Errorf("a network with host bits: %v %v", got, err)
	}
}

// A client of IPv6 has a /64 at least, and all of it is one client.
func TestAClientIsAPrefix(t *testing.T) {
	t.Parallel()
	for remote, want := range map[string]client{
		"198.51.100.1:1":            {netip.MustParsePrefix("198.51.100.1/32"), "198.51.100.1"},
		"[::ffff:198.51.100.1]:1":   {netip.MustParsePrefix("198.51.100.1/32"), "198.51.100.1"},
		"[2001:db8::1:2:3:4]:1":     {netip.MustParsePrefix("2001:db8::/64"), "2001:db8::/64"},
		"[fe80::1%eth0]:1":          {netip.MustParsePrefix("fe80::/64"), "fe80::/64"},
		"@":                         {},
		"/srv/shop/operator.socket": {},
	} {
		if got := clientAt(addressOf(remote)); got != want {
			t.Errorf("%s: %v, want %v", remote, got, want)
		}
	}
}
