//go:build mesh

package mesh

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// probed is what one call of the driver got over one protocol.
type probed struct {
	Protocol, Code, Message, RetryAfter, Reason, Error string
	HTTP                                               int
	Start                                              time.Time
	Millis                                             int64
}

// jwt is a token with these claims and a signature that is none.
func jwt(t *testing.T, alg string, claims map[string]any) string {
	t.Helper()
	part := func(of any) string {
		text, err := json.Marshal(of)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	signature := base64.RawURLEncoding.EncodeToString(make([]byte, 64))
	if alg == "none" {
		signature = ""
	}
	return part(map[string]any{"alg": alg, "typ": "at+jwt", "kid": "forged"}) + "." + part(claims) + "." + signature
}

// Row 9: the ingress refuses bad access tokens in each protocol, on public RPCs too; what is no
// access token, and what has none, is the services' to judge.
func TestRow09Tokens(t *testing.T) {
	now := time.Now().Unix()
	claims := func(change map[string]any) map[string]any {
		all := map[string]any{"iss": gateway, "aud": "shopmesh", "sub": "a", "iat": now, "exp": now + 300}
		for name, value := range change {
			all[name] = value
		}
		return all
	}
	valid := operatorToken(t)
	// By token: what HTTP and gRPC answer on a public RPC, who answered, and what the ingress said:
	// it looks at the time and the audience before the signature, which here is none.
	rows := []struct {
		name, token string
		http        int
		grpc        string
		service     bool
		says        string
	}{
		{"none at all", "", 200, "0", true, ""},
		{"a valid one", valid, 200, "0", true, ""},
		{"its signature changed", valid[:len(valid)-6] + "AAAAAA", 401, "16", false, "Jwt verification fails"},
		{"forged", jwt(t, "ES256", claims(nil)), 401, "16", false, ""},
		{"expired", jwt(t, "ES256", claims(map[string]any{"exp": now - 600, "iat": now - 900})), 401, "16", false, "Jwt is expired"},
		{"of another issuer", jwt(t, "ES256", claims(map[string]any{"iss": "https://evil.example"})), 401, "16", false, "Jwt issuer is not configured"},
		{"for another audience", jwt(t, "ES256", claims(map[string]any{"aud": "elsewhere"})), 403, "7", false, "Audiences in Jwt are not allowed"},
		{"alg none", jwt(t, "none", claims(nil)), 401, "16", false, ""},
		{"no JWT", "eyJust.a.word", 401, "16", false, ""},
		{"a guest's that nobody issued", "sm_go_0000000000000000000000000000000000000000000", 401, "16", true, ""},
	}
	cells := 0
	for _, row := range rows {
		args := []string{"probe", "-url", gateway, "-ca", certificate(t), "-procedure", "/shopmesh.catalog.v1.ProductService/ListProducts", "-rest", "GET /v1/products"}
		if row.token != "" {
			args = append(args, "-header", "Authorization: Bearer "+row.token)
		}
		for _, got := range drive[[]probed](t, outside, args...) {
			cells++
			ok := got.HTTP == row.http
			// gRPC's clients read grpc-status; those of gRPC-Web make UNAUTHENTICATED of a 401
			// and PERMISSION_DENIED of a 403 that has none, as a proxy's has not.
			if got.Protocol == "grpc" || got.Protocol == "grpc-web" && (row.service || row.http == 200) {
				ok = got.Code == row.grpc
			}
			if ok && row.http != 200 && !strings.HasPrefix(got.Protocol, "grpc") {
				ok = (got.Code != "") == row.service && strings.Contains(got.Message, row.says) // the services' errors have codes
			}
			if !ok {
				t.Errorf("%s over %s: %+v", row.name, got.Protocol, got)
			}
		}
	}
	for _, got := range drive[[]probed](t, outside, "probe", "-url", gateway, "-ca", certificate(t), "-procedure", "/shopmesh.order.v1.OrderService/ListOrders", "-rest", "GET /v1/orders") {
		cells++
		if code := map[string]string{"connect": "unauthenticated", "rest": "16"}[got.Protocol]; code != "" && got.Code != code || code == "" && got.Code != "16" {
			t.Errorf("without a token, an RPC that needs one, over %s: %+v", got.Protocol, got)
		}
	}
	if err := knownAtIngress(t, kidOf(t, valid)); err != nil {
		t.Error(err)
	}
	t.Logf("row 9: %d cells", cells)
}

// Row 10: who calls too often is refused in their own protocol, with a time to come back; others
// are not.
func TestRow10Limits(t *testing.T) {
	pods := outsiders(t, 3)
	defer outsiders(t, 1) // the next row's client is none that flooded
	ca := certificate(t)
	flood := func(pod string, n int, flags ...string) []probed {
		return drive[[]probed](t, "shop-test/"+pod, append([]string{
			"probe", "-url", gateway, "-ca", ca, "-n", fmt.Sprint(n),
			"-procedure", "/shopmesh.identity.v1.AccountService/SignIn", "-rest", "POST /v1/sessions:signIn",
		}, flags...)...)
	}
	// Two replicas of the ingress let ten each through at once, and one more in six seconds.
	refused := map[string]int{}
	passed := 0
	for _, got := range flood(pods[0], 25) {
		want := map[string]string{"connect": "resource_exhausted", "grpc": "8", "grpc-web": "8", "rest": "8"}[got.Protocol]
		if got.Code != want {
			passed++
			continue
		}
		refused[got.Protocol]++
		if got.RetryAfter == "" || !strings.Contains(got.Message, "too many calls") && !strings.Contains(got.Message, "too%20many") {
			t.Errorf("over %s: %+v", got.Protocol, got)
		}
		if got.Protocol == "rest" && (got.HTTP != 429 || got.Reason != "RATE_LIMITED") || got.Protocol == "connect" && got.HTTP != 429 {
			t.Errorf("over %s: %+v", got.Protocol, got)
		}
	}
	if passed < 10 || passed > 26 {
		t.Errorf("%d of 100 calls passed, want 20 and a few", passed)
	}
	if len(refused) != 4 {
		t.Errorf("refused were %v", refused)
	}
	other := flood(pods[1], 2)
	for _, got := range other {
		if limited(got) {
			t.Errorf("another address is refused over %s: %+v", got.Protocol, got)
		}
	}
	// Whoever states another address with each handful of calls is still one client: as many
	// addresses would let all of them through.
	const addresses, each = 10, 3
	stated := 0
	for i := range addresses {
		for _, got := range flood(pods[2], each, "-header", fmt.Sprintf("X-Forwarded-For: 198.51.100.%d", i+1)) {
			if !limited(got) {
				stated++
			}
		}
	}
	if stated < 10 || stated > 30 {
		t.Errorf("of %d calls that state %d addresses %d passed, want 20 and a few", 4*addresses*each, addresses, stated)
	}
	t.Logf("row 10: of 100 calls %d passed, refused were %v; of another address's %d none; of %d that stated %d addresses %d passed",
		passed, refused, len(other), 4*addresses*each, addresses, stated)
}

// Row 12: what a client states about itself does not get in, and what is not for the outside
// is not there.
func TestRow12Hygiene(t *testing.T) {
	get := func(path string, headers ...string) answer {
		args := []string{"request", "-url", gateway + path, "-ca", certificate(t)}
		for _, header := range headers {
			args = append(args, "-header", header)
		}
		return drive[[]answer](t, outside, args...)[0]
	}
	// Which headers get in is TestRow12Headers'. A service refuses a forged Shopmesh-Caller with 401 when it sees one.
	if got := get("/v1/products?pageSize=1", "Shopmesh-Caller: "+jwt(t, "none", map[string]any{"sub": "owner"})); got.Status != 200 {
		t.Errorf("with a forged Shopmesh-Caller: %+v", got)
	}
	for _, header := range []string{
		// A service refuses this one, too, from whoever shows no token of a service.
		"Shopmesh-Visitor: 198.51.100.7",
		"X-Forwarded-Client-Cert: By=spiffe://cluster.local/ns/shop/sa/order", "x-envoy-upstream-rq-timeout-ms: 1", "x-envoy-max-retries: 100", "x-envoy-retry-on: 5xx",
	} {
		if got := get("/v1/products?pageSize=1", header); got.Status != 200 {
			t.Errorf("with %s: %+v", header, got)
		}
		if got := get("/search", header); got.Status != 200 {
			t.Errorf("a page with %s: %+v", header, got)
		}
	}
	hidden := []string{
		"/metrics", "/livez", "/readyz", "/debug/pprof/", "/inbox", "/inbox.json", "/shopmesh.operations.v1.OperationsService/GetStatus",
		"/v1/operations/status", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "/shopmesh.identity.v1.TokenService/MintMailLink",
		"/shopmesh.order.v1.OrderService/MintOrderLinks", "//metrics", "/v1/products/../../metrics", "/%2fmetrics", "/v1%2f..%2fmetrics",
	}
	for _, path := range hidden {
		if got := get(path); got.Status != 404 {
			t.Errorf("%s from outside: %d %.100s", path, got.Status, got.Body)
		}
		if _, procedure, _ := strings.Cut(path, "Service/"); procedure == "" && !strings.HasPrefix(path, "/grpc.") {
			continue
		}
		for _, got := range drive[[]probed](t, outside, "probe", "-url", gateway, "-ca", certificate(t), "-procedure", path, "-protocols", "connect,grpc") {
			if unimplemented := got.Code == "12"; got.HTTP != 404 && !unimplemented {
				t.Errorf("%s called from outside: %+v", path, got)
			}
		}
	}
	if got := get("//v1//products?pageSize=1"); got.Status != 200 {
		t.Errorf("slashes that are written twice: %d %.100s", got.Status, got.Body)
	}
	t.Logf("row 12: forged headers had no effect; %d hidden paths are 404", len(hidden))
}
