//go:build mesh

package mesh

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

// connection is what the driver got at a port without a certificate of the mesh.
type connection struct {
	Address, Way, Got, Error string
	Refused                  bool
}

// Row 5: nobody without a certificate of the mesh gets a byte from a service, the database or the
// broker: not in the clear, and not by TLS. While they are told to take connections in the clear,
// the same bytes are answered: it is the mesh that refuses them.
func TestRow05MutualTLS(t *testing.T) {
	parts := []struct {
		part
		ports []string
	}{
		{part{namespace: "shop", app: "order"}, []string{"8080", "9090"}},
		{part{namespace: "shop-data", app: "postgres"}, []string{"5432"}},
		{part{namespace: "shop-data", app: "kafka"}, []string{"9092"}},
	}
	var addresses []string
	for _, p := range parts {
		for _, port := range p.ports {
			addresses = append(addresses, p.app+"."+p.namespace+":"+port)
		}
	}
	connect := func() []connection {
		tried := drive[[]connection](t, outside, "connect", "-addresses", strings.Join(addresses, ","))
		if len(tried) != 3*len(addresses) {
			t.Fatalf("%d connections were tried", len(tried))
		}
		return tried
	}
	refused := 0
	for _, c := range connect() {
		if !c.Refused {
			t.Errorf("%s by %s: %s%s", c.Address, c.Way, c.Got, c.Error)
			continue
		}
		refused++
		t.Logf("%s by %s: %s", c.Address, c.Way, c.Got)
	}

	for _, p := range parts {
		end := inTheClear(t, p.namespace, p.app, p.ports...)
		defer end()
	}
	answered := 0
	eventually(t, time.Minute, func() error {
		answered = 0
		for _, c := range connect() {
			if strings.HasPrefix(c.Way, "tls ") {
				continue // the sidecars may pass it on, or ask for a certificate
			}
			if c.Refused || c.Error != "" {
				return fmt.Errorf("allowed in the clear, %s by %s: %s%s", c.Address, c.Way, c.Got, c.Error)
			}
			answered++
		}
		return nil
	})
	for _, p := range parts {
		removeInTheClear(t, p.namespace, p.app)
	}
	eventually(t, time.Minute, func() error {
		for _, c := range connect() {
			if !c.Refused {
				return fmt.Errorf("no longer allowed, %s by %s: %s%s", c.Address, c.Way, c.Got, c.Error)
			}
		}
		return nil
	})
	for _, p := range parts {
		drained(t, p.namespace, p.app)
	}
	t.Logf("row 5: %d of %d refused; allowed in the clear, %d of %d were answered", refused, 3*len(addresses), answered, 2*len(addresses))
}

// inTheClear lets everybody connect to an app's ports, without a certificate too, until what it
// returns is called.
func inTheClear(t *testing.T, namespace, app string, ports ...string) (end func()) {
	t.Helper()
	apply(t, fmt.Sprintf(`
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: in-the-clear-%[2]s, namespace: %[1]s}
spec: {selector: {matchLabels: {app: %[2]s}}, mtls: {mode: PERMISSIVE}}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: in-the-clear-%[2]s, namespace: %[1]s}
spec: {selector: {matchLabels: {app: %[2]s}}, action: ALLOW, rules: [{to: [{operation: {ports: ["%[3]s"]}}]}]}
`, namespace, app, strings.Join(ports, `", "`)))
	return func() { removeInTheClear(t, namespace, app) }
}

func removeInTheClear(t *testing.T, namespace, app string) {
	t.Helper()
	if _, err := try(context.WithoutCancel(t.Context()), "", "kubectl", "-n", namespace, "delete",
		"peerauthentication,authorizationpolicy", "in-the-clear-"+app, "--ignore-not-found"); err != nil {
		t.Error(err)
	}
}

// drained waits until the proxies of an app have ended the connections that they took under other
// rules: they do so some time after a change, under whoever uses them.
func drained(t *testing.T, namespace, app string) {
	t.Helper()
	for _, pod := range podsOf(t, namespace, app) {
		eventually(t, patience, func() error {
			stats := proxy(t, namespace, pod, "stats?filter=draining")
			for _, what := range []string{"listeners", "filter_chains"} { // the rules change one or the other
				if !strings.Contains(stats, "listener_manager.total_"+what+"_draining: 0\n") {
					return fmt.Errorf("%s: %s", pod, stats)
				}
			}
			return nil
		})
	}
}
