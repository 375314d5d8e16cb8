package rpc_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// refusals are what a site noted.
type refusals struct {
	mu    sync.Mutex
	lines []string
}

func (r *refusals) note(_ context.Context, call activity.Call, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, fmt.Sprintf("%s from %s by %v: %s", call.RPC, call.AddressPrefix, call.Caller, fault.ReasonOf(err)))
}

func (r *refusals) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.lines, "\n")
	r.lines = nil
	return all
}

// Whoever is refused is noted once, with what they called and from where, in every
// protocol: who shows no good token, who may not do it, and who calls too often.
func TestRefusedCallsAreNoted(t *testing.T) {
	t.Parallel()
	who := callers(func(token string) (authz.Identity, error) {
		switch token {
		case "Bearer bad":
			return authz.Identity{}, fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "no good token")
		case "Bearer customer":
			return authz.Identity{Kind: authz.Customer, ID: "c"}, nil
		case "":
			return authz.Identity{}, nil
		default:
			return authz.Identity{Kind: authz.Owner}, nil
		}
	})
	for _, protocol := range protocolNames(t) {
		limits, err := rpc.NewLimits(rpc.Rates{Reads: limit.Rate{Quota: 1, Window: time.Hour}}, nil, time.Now)
		if err != nil {
			t.Fatal(err)
		}
		var noted refusals
		s := open(t, &shop{}, func(c *rpc.Config, h *rpc.HandlerConfig) {
			c.Authenticator, c.Refused = who, noted.note
			h.Refused, h.Limits, h.Proxies = noted.note, limits, rpc.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
		})
		call := func(address, token string) string {
			_, _ = protocols(t, behind(s, map[string]string{"X-Forwarded-For": address, "Authorization": token}))[protocol]("order")
			_, rest, _ := strings.Cut(noted.take(), " ")
			return rest
		}
		for i, c := range []struct{ address, token, want string }{
			{"2001:db8::1", "Bearer bad", "from 2001:db8::/64 by anonymous: UNAUTHENTICATED"},
			{"192.0.2.5", "", ""}, // who shows nothing is nobody's attempt
			{"192.0.2.2", "Bearer customer", "from 192.0.2.2 by customer/c: PERMISSION_DENIED"},
			{"192.0.2.3", "Bearer owner", ""},
			{"192.0.2.3", "Bearer owner", "from 192.0.2.3 by anonymous: RATE_LIMITED"}, // before it is known who calls
			{"192.0.2.4", "Bearer owner", "from 192.0.2.4 by owner: RATE_LIMITED"},
		} {
			if got := call(c.address, c.token); got != c.want {
				t.Errorf("%s, call %d: %q, not %q", protocol, i+1, got, c.want)
			}
		}
	}
}
