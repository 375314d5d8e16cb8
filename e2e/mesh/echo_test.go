//go:build mesh

package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

// echoed is what the driver's echo was told by a request.
type echoed struct {
	Header map[string]string
	Peer   string
	Calls  int
}

// forged is a value of headers that nobody but a client would write.
const forged = "7777777"

// takenAway is the list of the headers that the ingress takes away.
var takenAway = regexp.MustCompile(`(?s)local taken = \{(.*?)\}`)

// Row 12, headers: what a client states about itself, about how it is called for, and about how
// proxies shall call, does not come to a service behind the ingress, and has no effect on the way.
// A service of the tests answers what came: Envoy itself uses up some of the headers on its way.
func TestRow12Headers(t *testing.T) {
	text, err := os.ReadFile("../../mesh/istio/ingress/headers.yaml")
	if err != nil {
		t.Fatal(err)
	}
	list := takenAway.FindSubmatch(text)
	if list == nil {
		t.Fatal("headers.yaml has no list of what is taken away")
	}
	names := strings.FieldsFunc(string(list[1]), func(r rune) bool { return strings.ContainsRune("\", \n", r) })
	if len(names) < 10 {
		t.Fatalf("headers.yaml takes away %v alone", names)
	}
	pod := podsOf(t, "shop-test", "outside")[0]
	address := kubectl(t, "-n", "shop-test", "get", "pod", pod, "-o", "jsonpath={.status.podIP}")
	ask := echoes(t, "shop-test/"+pod)

	clean, _ := ask("/")
	arrived := 0
	for _, name := range names {
		got, status := ask("/", name+": "+forged)
		if status != 200 {
			t.Errorf("with %s: %d", name, status)
		}
		for of, value := range got.Header {
			if strings.Contains(value, forged) {
				arrived++
				t.Errorf("with %s: there came %s: %s", name, of, value)
			}
		}
		if _, before := clean.Header[name]; !before && got.Header[name] != "" {
			arrived++
			t.Errorf("with %s: there came %q, and nothing without it", name, got.Header[name])
		}
	}
	// Who calls is the ingress, by its certificate, which the called pod's own proxy states.
	got, _ := ask("/", "X-Forwarded-Client-Cert: By=spiffe://cluster.local/ns/shop/sa/order;URI=spiffe://cluster.local/ns/shop/sa/operator")
	if who := got.Header["x-forwarded-client-cert"]; strings.Contains(who, "sa/order") || strings.Contains(who, "sa/operator") || !strings.Contains(who, "ns/shop-ingress/sa/ingress") {
		t.Errorf("the caller is %q, want the ingress alone", who)
	}
	// Services believe the proxy beside them (SHOPMESH_TRUSTED_PROXIES), and take the last address.
	got, _ = ask("/", "X-Forwarded-For: 1.2.3.4")
	hops := strings.Split(got.Header["x-forwarded-for"], ",")
	if last := strings.TrimSpace(hops[len(hops)-1]); last != address {
		t.Errorf("of the addresses %q a service reads %s, want %s: the client's", hops, last, address)
	}
	if peer, _, err := net.SplitHostPort(got.Peer); err != nil || peer != "127.0.0.6" {
		t.Errorf("the connection comes from %s, want the proxy at 127.0.0.6, which services believe", got.Peer)
	}
	// The route of the echo has no retries: a client can't order any.
	retried, status := ask("/?status=503", "x-envoy-retry-on: 5xx", "x-envoy-max-retries: 3")
	if status != 503 || retried.Calls != 1 {
		t.Errorf("with x-envoy-retry-on the service was called %d times, and answered %d", retried.Calls, status)
	}
	t.Logf("row 12, headers: of %d headers that are taken away %d arrived; X-Forwarded-For: 1.2.3.4 came as %q from %s", len(names), arrived, hops, address)
}

// echoes starts the driver's echo behind the ingress, under a host of its own and without retries,
// until the test ends. What it returns calls it from a pod, and returns what came and the status.
func echoes(t *testing.T, from string) func(path string, headers ...string) (echoed, int) {
	t.Helper()
	manifests := fmt.Sprintf(echoService, imageOfDriver(t))
	apply(t, manifests)
	t.Cleanup(func() {
		_, _ = try(context.WithoutCancel(t.Context()), manifests, "kubectl", "delete", "--wait=false", "--ignore-not-found", "-f", "-")
	})
	kubectl(t, "-n", "shop", "wait", "--for=condition=Ready", "pod/echo", "--timeout=180s")
	ca := certificate(t)
	call := func(path string, headers ...string) (echoed, int, error) {
		args := []string{"request", "-url", gateway + path, "-ca", ca, "-header", "Host: echo.example"}
		for _, header := range headers {
			args = append(args, "-header", header)
		}
		got := drive[[]answer](t, from, args...)[0]
		var came echoed
		if err := json.Unmarshal([]byte(got.Body), &came); err != nil || came.Calls == 0 {
			return came, got.Status, fmt.Errorf("the echo with %q: %+v", headers, got)
		}
		return came, got.Status, nil
	}
	eventually(t, time.Minute, func() error { // the routes have come to both replicas of the ingress
		for range 8 {
			if _, _, err := call("/"); err != nil {
				return err
			}
		}
		return nil
	})
	return func(path string, headers ...string) (echoed, int) {
		t.Helper()
		came, status, err := call(path, headers...)
		if err != nil {
			t.Error(err)
		}
		return came, status
	}
}

const echoService = `
apiVersion: v1
kind: Pod
metadata: {name: echo, namespace: shop, labels: {app: echo}}
spec:
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: 1
  securityContext: {runAsNonRoot: true, runAsUser: 65532, runAsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: driver
      image: %s
      args: [echo]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
---
apiVersion: v1
kind: Service
metadata: {name: echo, namespace: shop}
spec: {selector: {app: echo}, ports: [{name: grpc, port: 8080}]}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: echo, namespace: shop}
spec:
  selector: {matchLabels: {app: echo}}
  action: ALLOW
  rules: [{from: [{source: {principals: [cluster.local/ns/shop-ingress/sa/ingress]}}], to: [{operation: {ports: ["8080"]}}]}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: echo, namespace: shop}
spec:
  hosts: [echo.example]
  gateways: [shop-ingress/public]
  http:
    - name: echo
      route: [{destination: {host: echo.shop.svc.cluster.local, port: {number: 8080}}}]
      retries: {attempts: 0}
`
