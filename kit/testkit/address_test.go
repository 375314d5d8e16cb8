package testkit_test

import (
	"net"
	"testing"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A program that is started again finds its port free, whatever connections others
// opened meanwhile.
func TestAnAddressIsHeld(t *testing.T) {
	t.Parallel()
	held := testkit.HeldAddress(t)
	others, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = others.Close() }()
	for range 3 {
		l, err := net.Listen("tcp", held)
		if err != nil {
			t.Fatalf("its program can't listen: %v", err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		dial := net.Dialer{LocalAddr: address(t, held)}
		if c, err := dial.Dial("tcp", others.Addr().String()); err == nil {
			_ = c.Close()
			t.Fatalf("an outgoing connection could take %s", held)
		}
	}
}

func address(t *testing.T, text string) *net.TCPAddr {
	t.Helper()
	a, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
