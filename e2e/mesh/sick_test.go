//go:build mesh

package mesh

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// sickness is what befalls the replicas that are labelled fault=on.
type sickness struct {
	name, manifest string
	// begun reports whether a proxy's configuration has it.
	begun func(configuration string) bool
	// then is done once it has begun.
	then func(*testing.T)
}

// injected is a fault in the called pod's own proxy. (What a VirtualService injects is made in
// the caller's, which does not repeat it.)
func injected(name, fields string) sickness {
	return sickness{
		name: name, manifest: fmt.Sprintf(injection, name, fields),
		begun: func(configuration string) bool { return strings.Contains(configuration, "shopmesh.fault."+name) },
	}
}

const injection = `
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: fault, namespace: shop}
spec:
  workloadSelector: {labels: {fault: "on"}}
  configPatches:
    - applyTo: HTTP_FILTER
      match:
        context: SIDECAR_INBOUND
        listener:
          portNumber: 8080
          filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}}
      patch:
        operation: INSERT_BEFORE
        value:
          name: shopmesh.fault.%s
          typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault, %s}
`

// withoutDatabase is a replica that does not reach PostgreSQL: it answers UNAVAILABLE itself.
// Its Sidecar leaves the database out, which new connections go by; those that are there are
// ended at the database, where a replica that may connect does so anew.
func withoutDatabase(service string) sickness {
	return sickness{
		name: "UNAVAILABLE",
		manifest: `
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: fault, namespace: shop}
spec:
  workloadSelector: {labels: {fault: "on"}}
  outboundTrafficPolicy: {mode: REGISTRY_ONLY}
  egress:
    - hosts: ["./*.shop.svc.cluster.local", "shop-data/kafka.shop-data.svc.cluster.local", "shop-data/otel.shop-data.svc.cluster.local"]
`,
		begun: func(configuration string) bool { return !strings.Contains(configuration, "outbound|5432||postgres") },
		then: func(t *testing.T) {
			t.Helper()
			sessions := "from pg_stat_activity where datname = 'shopmesh_" + service + "'"
			sql(t, "postgres", "select count(pg_terminate_backend(pid, 5000)) "+sessions)
			// Its readiness asks the database every second: the replica that may connect meets its
			// ended connection so, and not in a read, which would be repeated at the sick one.
			eventually(t, 30*time.Second, func() error {
				if sql(t, "postgres", "select count(*) "+sessions+" and query = '-- ping'") == "0" {
					return fmt.Errorf("no replica of %s has asked the database since", service)
				}
				return nil
			})
		},
	}
}

// sql runs a statement as the superuser of PostgreSQL, in its own container.
func sql(t *testing.T, database, statement string) string {
	t.Helper()
	return strings.TrimSpace(kubectl(t, "-n", "shop-data", "exec", "postgres-0", "-c", "postgres", "--", "psql", "-U", "postgres", "-d", database, "-v", "ON_ERROR_STOP=1", "-qtAc", statement))
}

// sicken makes replicas sick, waits until they are, and returns since when they can have been.
func sicken(t *testing.T, by sickness, pods ...string) time.Time {
	t.Helper()
	since := time.Now()
	for _, pod := range pods {
		kubectl(t, "-n", "shop", "label", "pod", pod, "fault=on", "--overwrite")
	}
	apply(t, by.manifest)
	eventually(t, time.Minute, func() error {
		for _, pod := range pods {
			if !by.begun(proxy(t, "shop", pod, "config_dump")) {
				return fmt.Errorf("%s is not sick yet", pod)
			}
		}
		return nil
	})
	if by.then != nil {
		since = time.Now()
		by.then(t)
	}
	return since
}

// heal ends every sickness. What the test does afterwards to be repeatable, it does while its
// context lives: heal may be deferred.
func heal(t *testing.T) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	_, filters := try(ctx, "", "kubectl", "-n", "shop", "delete", "envoyfilters.networking.istio.io,sidecars.networking.istio.io", "fault", "--ignore-not-found")
	_, labels := try(ctx, "", "kubectl", "-n", "shop", "label", "pods", "-l", "fault", "fault-")
	if err := errors.Join(filters, labels); err != nil {
		t.Error(err)
	}
}

// healed heals, and waits until no replica of a service is out at the ingress.
func healed(t *testing.T, service string) {
	t.Helper()
	heal(t)
	eventually(t, patience, func() error {
		for _, pod := range podsOf(t, "shop", service) {
			if dump := proxy(t, "shop", pod, "config_dump"); strings.Contains(dump, "shopmesh.fault.") || !strings.Contains(dump, "outbound|5432||postgres") {
				return fmt.Errorf("%s is still sick", pod)
			}
		}
		if out := atIngress(t, service, "ejections_active"); slices.Max(slices.Collect(maps.Values(out))) > 0 {
			return fmt.Errorf("replicas of %s are out at the ingress's replicas: %v", service, out)
		}
		return nil
	})
}
