package rpc_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/token"
)

// A service behind a mesh, which bounds its clients, bounds the visitors of another service's
// pages itself: by their address and by their account, whoever calls for them. What services
// call for themselves is not counted.
func TestVisitorsAreLimitedWhereNobodyElseIs(t *testing.T) {
	t.Parallel()
	clock := &stopped{now: time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)}
	limits, err := rpc.NewLimits(rpc.Rates{}, nil, clock.read)
	if err != nil {
		t.Fatal(err)
	}
	limits.SetForVisitors(rpc.Rates{Reads: limit.Rate{Quota: 2, Window: time.Minute}})
	s := open(t, &shop{}, func(c *rpc.Config, h *rpc.HandlerConfig) {
		// As the verifier does: with the visitor's header the caller is the visitor.
		c.Authenticator = authz.AuthenticatorFunc(func(_ context.Context, header authz.Header) (authz.Identity, error) {
			if len(header.Values(token.Visitor)) > 0 {
				return authz.Identity{Kind: authz.Owner, ID: header.Get(token.Caller)}, nil
			}
			return authz.Identity{Kind: authz.Owner, ID: "itself"}, nil
		})
		h.Limits = limits
	})
	call := func(headers ...string) (int, string) {
		t.Helper()
		got := s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader("{}"), append(headers, "Authorization", "Bearer "+serviceToken())...)
		var refused struct{ Message string }
		_ = json.Unmarshal(got.body, &refused)
		return got.status, refused.Message
	}
	visitor := func(address, account string) (int, string) {
		t.Helper()
		return call(token.Visitor, address, token.Caller, account)
	}
	for range 5 {
		if status, message := call(); status != http.StatusOK {
			t.Fatalf("a service's own call: %d %s", status, message)
		}
	}
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		if status, message := visitor("203.0.113.9", string(rune('a'+i))); status != want || status != http.StatusOK && !strings.Contains(message, "address") {
			t.Errorf("call %d of an address: %d %s, want %d", i, status, message, want)
		}
	}
	for i, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		if status, message := visitor("198.51.100."+string(rune('1'+i)), "account"); status != want || status != http.StatusOK && !strings.Contains(message, "account") {
			t.Errorf("call %d of an account: %d %s, want %d", i, status, message, want)
		}
	}
	clock.move(30 * time.Second)
	if status, message := visitor("203.0.113.9", "z"); status != http.StatusOK {
		t.Errorf("after the delay: %d %s", status, message)
	}
}
