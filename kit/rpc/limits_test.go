package rpc_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/limit"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// stopped is a clock that stands until it is moved.
type stopped struct {
	mu  sync.Mutex
	now time.Time
}

func (c *stopped) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *stopped) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// counting opens a site that lets a client read so often a minute, behind a proxy that is
// trusted, and takes callers by who.
func counting(t *testing.T, reads int, who authz.Authenticator) (*site, *stopped) {
	t.Helper()
	clock := &stopped{now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	limits, err := rpc.NewLimits(rpc.Rates{Reads: limit.Rate{Quota: reads, Window: time.Minute}}, nil, clock.read)
	if err != nil {
		t.Fatal(err)
	}
	return open(t, &shop{}, func(c *rpc.Config, h *rpc.HandlerConfig) {
		c.Authenticator = who
		h.Limits, h.Proxies = limits, rpc.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	}), clock
}

// callers lets every caller be who the function returns for the value of its header
// Authorization.
func callers(find func(authorization string) (authz.Identity, error)) authz.Authenticator {
	return authz.AuthenticatorFunc(func(_ context.Context, header authz.Header) (authz.Identity, error) {
		return find(header.Get("Authorization"))
	})
}

// A client that calls too often is refused alike by every protocol: RESOURCE_EXHAUSTED and
// RATE_LIMITED with the time after which it may again, which comes true. Others are not
// concerned.
func TestEveryProtocolLimitsAddresses(t *testing.T) {
	t.Parallel()
	anyone := func(string) (authz.Identity, error) { return authz.Identity{Kind: authz.Owner}, nil }
	for i, protocol := range protocolNames(t) {
		// The account's limit is the same and comes second: the address is refused.
		s, clock := counting(t, 2, callers(anyone))
		here := behind(s, map[string]string{"X-Forwarded-For": fmt.Sprintf("2001:db8:0:%d::1", i)})
		neighbour := behind(s, map[string]string{"X-Forwarded-For": fmt.Sprintf("1.2.3.4, 2001:db8:0:%d::2", i)})
		call, beside := protocols(t, here)[protocol], protocols(t, neighbour)[protocol]
		for range 2 {
			if ready, refused := call("order"); !ready {
				t.Fatalf("%s: %v", protocol, refused)
			}
		}
		for name, again := range map[string]func(string) (bool, *refusal){"the client": call, "another address of its /64, with a forged hop": beside} {
			_, refused := again("order")
			if refused == nil || refused.code != "resource_exhausted" || refused.reason != "RATE_LIMITED" ||
				refused.retry != 30*time.Second || refused.metadata["limit"] != "reads" || !strings.Contains(refused.message, "address") {
				t.Errorf("%s of %s: %v", protocol, name, refused)
			}
		}
		clock.move(30 * time.Second)
		if ready, refused := call("order"); !ready {
			t.Errorf("%s after the delay: %v", protocol, refused)
		}
	}
}

func protocolNames(t *testing.T) []string {
	t.Helper()
	var names []string
	for name := range protocols(t, open(t, &shop{})) {
		names = append(names, name)
	}
	return names
}

// An account has one limit, from whichever addresses and by whichever protocols it calls,
// and others at the same address have their own.
func TestAnAccountIsLimitedEverywhere(t *testing.T) {
	t.Parallel()
	s, _ := counting(t, 11, callers(func(token string) (authz.Identity, error) {
		return authz.Identity{Kind: authz.Owner, ID: strings.TrimPrefix(token, "Bearer ")}, nil
	}))
	calls := 0
	for range 2 {
		for protocol := range protocols(t, s) {
			calls++
			from := behind(s, map[string]string{"Authorization": "Bearer one", "X-Forwarded-For": fmt.Sprintf("192.0.2.%d", calls)})
			_, refused := protocols(t, from)[protocol]("order")
			if calls <= 11 {
				if refused != nil {
					t.Fatalf("%s, call %d: %v", protocol, calls, refused)
				}
				continue
			}
			if refused == nil || refused.reason != "RATE_LIMITED" || !strings.Contains(refused.message, "account") || refused.retry <= 0 {
				t.Errorf("%s, call %d: %v", protocol, calls, refused)
			}
		}
	}
	other := behind(s, map[string]string{"Authorization": "Bearer two", "X-Forwarded-For": "192.0.2.200"})
	for protocol, call := range protocols(t, other) {
		if _, refused := call("order"); refused != nil {
			t.Errorf("another account by %s: %v", protocol, refused)
		}
	}
}

// A call without credentials counts for its address alone, and a bad token does not get
// around that.
func TestBadTokensAreLimitedBeforeTheyAreVerified(t *testing.T) {
	t.Parallel()
	verified := 0
	var mu sync.Mutex
	for name, token := range map[string]string{"": "", "an access token": "Bearer bad", "a service's token": "Bearer " + serviceToken()} {
		verified = 0
		s, _ := counting(t, 5, callers(func(string) (authz.Identity, error) {
			mu.Lock()
			defer mu.Unlock()
			verified++
			return authz.Identity{}, fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "the token is not good")
		}))
		from := behind(s, map[string]string{"Authorization": token, "X-Forwarded-For": "192.0.2.1"})
		call := protocols(t, from)["Connect, JSON"]
		for i := range 8 {
			_, refused := call("order")
			want := "UNAUTHENTICATED"
			if i >= 5 {
				want = "RATE_LIMITED"
			}
			if refused == nil || refused.reason != want {
				t.Errorf("%q, call %d: %v, want %s", name, i+1, refused, want)
			}
		}
		if verified != 5 {
			t.Errorf("%q was verified %d times", name, verified)
		}
	}
}

func serviceToken() string {
	return base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"ES256","typ":"service+jwt"}`)) + ".e30.c2ln"
}

// Services are not limited, whose tokens are good; who calls with a look-alike that is
// taken for a customer's counts as that.
func TestServicesAreNotLimited(t *testing.T) {
	t.Parallel()
	for kind, want := range map[authz.Kind]int{authz.Service: 0, authz.Owner: 7} {
		s, _ := counting(t, 3, callers(func(string) (authz.Identity, error) {
			return authz.Identity{Kind: kind, ID: "order", Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_OPERATIONS}}, nil
		}))
		from := behind(s, map[string]string{"Authorization": "Bearer " + serviceToken(), "X-Forwarded-For": "192.0.2.1"})
		call, got := protocols(t, from)["gRPC"], 0
		for range 10 {
			if _, refused := call("order"); refused != nil && refused.reason == "RATE_LIMITED" {
				got++
			}
		}
		if got != want {
			t.Errorf("%v: %d of 10 calls were refused, want %d", kind, got, want)
		}
	}
}

// Every answer shows where its client stands, in each protocol.
func TestAnswersShowTheLimit(t *testing.T) {
	t.Parallel()
	for protocol, send := range map[string]func(*site) answer{
		"Connect": func(s *site) answer {
			return s.send(t, http1(t), "POST", statusPath, "application/json", strings.NewReader(`{}`))
		},
		"Connect, GET": func(s *site) answer {
			return s.send(t, http1(t), "GET", statusPath+"?encoding=json&message=%7B%7D", "", nil)
		},
		"gRPC": func(s *site) answer {
			return s.send(t, http2(t), "POST", statusPath, "application/grpc", strings.NewReader("\x00\x00\x00\x00\x00"), "Te", "trailers")
		},
		"gRPC-Web": func(s *site) answer {
			return s.send(t, http1(t), "POST", statusPath, "application/grpc-web", strings.NewReader("\x00\x00\x00\x00\x00"))
		},
		"REST": func(s *site) answer { return s.send(t, http1(t), "GET", "/v1/operations/status", "", nil) },
		"REST, HEAD": func(s *site) answer {
			return s.send(t, http1(t), "HEAD", "/v1/operations/status", "", nil)
		},
	} {
		s, _ := counting(t, 2, callers(func(string) (authz.Identity, error) { return authz.Identity{Kind: authz.Owner}, nil }))
		for i, want := range []string{`"reads";r=1;t=30`, `"reads";r=0;t=60`, `"reads";r=0;t=60`} {
			got := send(s)
			if got.header.Get("RateLimit-Policy") != `"reads";q=2;w=60` || got.header.Get("RateLimit") != want {
				t.Errorf("%s, answer %d: %q %q, want %q", protocol, i+1, got.header.Get("RateLimit-Policy"), got.header.Get("RateLimit"), want)
			}
			refused, retry := i == 2, got.header.Get("Retry-After")
			if (retry == "30") != refused {
				t.Errorf("%s, answer %d: Retry-After %q", protocol, i+1, retry)
			}
			if grpc := strings.HasPrefix(protocol, "gRPC"); !grpc && (got.status == http.StatusTooManyRequests) != refused ||
				grpc && protocol == "gRPC" && refused && got.header.Get("Grpc-Status") != "8" {
				t.Errorf("%s, answer %d: status %d, %v", protocol, i+1, got.status, got.header)
			}
		}
	}
}

// What is no RPC, and health, which probes call, is not counted; nor is anything where
// there are no rates.
func TestWhatIsNotLimited(t *testing.T) {
	t.Parallel()
	s, _ := counting(t, 1, callers(func(string) (authz.Identity, error) { return authz.Identity{Kind: authz.Owner}, nil }))
	for range 5 {
		for _, path := range []string{"/", "/v1/nothing", "/grpc.health.v1.Health/Check"} {
			if got := s.send(t, http1(t), "POST", path, "application/json", strings.NewReader("{}")); got.status == http.StatusTooManyRequests || got.header.Get("RateLimit") != "" {
				t.Errorf("%s: %d %v", path, got.status, got.header)
			}
		}
	}
	limits, err := rpc.NewLimits(rpc.Rates{}, nil, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	open := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.Limits = limits })
	for range 5 {
		if got := open.send(t, http1(t), "GET", "/v1/operations/status", "", nil); got.status != http.StatusOK || got.header.Get("RateLimit") != "" {
			t.Errorf("without rates: %d %v", got.status, got.header)
		}
	}
}

// Other rates count from the next call on. A client that had used up its quota gets the new
// one back at its pace.
func TestRatesAreReplacedWhileCallsAreCounted(t *testing.T) {
	t.Parallel()
	reads := func(n int) rpc.Rates { return rpc.Rates{Reads: limit.Rate{Quota: n, Window: time.Hour}} }
	clock := &stopped{now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
	limits, err := rpc.NewLimits(rpc.Rates{}, nil, clock.read)
	if err != nil {
		t.Fatal(err)
	}
	s := open(t, &shop{}, func(_ *rpc.Config, h *rpc.HandlerConfig) { h.Limits = limits })
	call := func() answer {
		t.Helper()
		return s.send(t, http1(t), "GET", "/v1/operations/status", "", nil)
	}
	if got := call(); got.status != http.StatusOK || got.header.Get("RateLimit") != "" {
		t.Errorf("without a rate: %d %v", got.status, got.header)
	}
	limits.Set(reads(2))
	for _, want := range []int{http.StatusOK, http.StatusOK, http.StatusTooManyRequests} {
		if got := call(); got.status != want || got.header.Get("RateLimit-Policy") != `"reads";q=2;w=3600` {
			t.Errorf("two an hour: %d %v, want %d", got.status, got.header, want)
		}
	}
	limits.Set(reads(1000))
	if got := call(); got.status != http.StatusTooManyRequests || got.header.Get("RateLimit-Policy") != `"reads";q=1000;w=3600` || got.header.Get("Retry-After") != "4" {
		t.Errorf("a thousand an hour: %d %v", got.status, got.header)
	}
	limits.Set(rpc.Rates{})
	if got := call(); got.status != http.StatusOK || got.header.Get("RateLimit") != "" {
		t.Errorf("without a rate again: %d %v", got.status, got.header)
	}
}
