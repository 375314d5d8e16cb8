//go:build mesh

package mesh

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Row 20: what the mesh costs. The same calls in turns, by the ingress to a replica with a sidecar
// and straight to one without, which has the same database and broker.
func TestRow20Speed(t *testing.T) {
	stock(t)
	defer func() { // before the test's context ends
		replicas(t, "order", 2)
		replicas(t, "catalog", 2)
	}()
	for _, service := range []string{"order", "catalog"} {
		replicas(t, service, 1) // calls of two would make batches of half the size
		bare(t, service)
	}
	const rounds, orders, reads = 3, 100, 1000
	type side struct{ p50, readP50, perSecond []float64 }
	var mesh, straight side
	add := func(to *side, ordered, read made, many calls) {
		if n := ordered.Writes.Failed + read.Reads.Failed + many.Failed; n > 0 {
			t.Fatalf("%d calls failed: %v %v %v", n, ordered.Writes.Errors, read.Reads.Errors, many.Errors)
		}
		to.p50 = append(to.p50, ordered.Writes.within(0.5))
		to.readP50 = append(to.readP50, read.Reads.within(0.5))
		to.perSecond = append(to.perSecond, many.PerSecond)
	}
	closed := func(writes, n, underWay int, to ...string) made {
		return drive[made](t, outside, append([]string{"load", "-follow", "-for", "3m", "-writes", fmt.Sprint(writes), "-n", fmt.Sprint(n), "-under-way", fmt.Sprint(underWay)}, to...)...)
	}
	in := []string{"-url", gateway, "-ca", certificate(t)}
	closed(1, 50, 4, in...) // connections are made, and code is read from the disk
	closed(1, 50, 4, "-url", "http://order-bare.shop:8080")
	for range rounds {
		add(&mesh, closed(1, orders, 4, in...), closed(0, reads, 4, in...), most(t, "15s", in...))
		straightTo := []string{"-url", "http://order-bare.shop:8080"}
		add(&straight, closed(1, orders, 4, straightTo...), closed(0, reads, 4, "-url", "http://catalog-bare.shop:8080"), most(t, "15s", straightTo...))
	}
	ratio := func(a, b []float64) float64 { return median(a) / median(b) }
	if r := ratio(mesh.readP50, straight.readP50); r > 5 {
		t.Errorf("a read's p50 is %.1f times that without the mesh, want 5 at most", r)
	}
	if r := ratio(mesh.p50, straight.p50); r > 5 {
		t.Errorf("an order's p50 is %.1f times that without the mesh, want 5 at most", r)
	}
	if r := ratio(mesh.perSecond, straight.perSecond); r < 0.5 {
		t.Errorf("the mesh takes %.2f of the orders that go without it, want 0.5", r)
	}
	services, sidecars := memory(t)
	t.Logf("row 20: GetProduct p50 %.1f ms, without the mesh %.1f: %.1f times; PlaceOrder p50 %.0f and %.0f ms: %.1f times; %.0f and %.0f orders/s: %.2f; a pod has %.0f MiB, %.0f of them its sidecar",
		median(mesh.readP50), median(straight.readP50), ratio(mesh.readP50, straight.readP50),
		median(mesh.p50), median(straight.p50), ratio(mesh.p50, straight.p50),
		median(mesh.perSecond), median(straight.perSecond), ratio(mesh.perSecond, straight.perSecond),
		services+sidecars, sidecars)
}

// median is the middle one of several.
func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// bare runs one replica of a service without a sidecar, as SERVICE-bare, until the test ends.
// PostgreSQL and Kafka take connections in the clear meanwhile.
func bare(t *testing.T, service string) {
	t.Helper()
	var deployment map[string]any
	if err := json.Unmarshal([]byte(kubectl(t, "-n", "shop", "get", "deployment", service, "-o", "json")), &deployment); err != nil {
		t.Fatal(err)
	}
	name := service + "-bare"
	spec := deployment["spec"].(map[string]any)
	template := spec["template"].(map[string]any)
	labels := map[string]any{"app": name, "sidecar.istio.io/inject": "false"}
	template["metadata"] = map[string]any{"labels": labels}
	made, err := json.Marshal(map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": name, "namespace": "shop"},
		"spec": map[string]any{"replicas": 1, "selector": map[string]any{"matchLabels": map[string]any{"app": name}}, "template": template},
	})
	if err != nil {
		t.Fatal(err)
	}
	for app, port := range map[string]string{"postgres": "5432", "kafka": "9092"} {
		t.Cleanup(inTheClear(t, "shop-data", app, port))
	}
	t.Cleanup(func() {
		_, _ = try(context.WithoutCancel(t.Context()), "", "kubectl", "-n", "shop", "delete", "deployment,service", name, "--ignore-not-found")
	})
	apply(t, string(made))
	apply(t, fmt.Sprintf(`
apiVersion: v1
kind: Service
metadata: {name: %[1]s, namespace: shop}
spec: {selector: {app: %[1]s}, ports: [{name: grpc, port: 8080, targetPort: grpc}]}
`, name))
	kubectl(t, "-n", "shop", "rollout", "status", "deployment/"+name, "--timeout=180s")
	for _, app := range []string{"postgres", "kafka"} {
		drained(t, "shop-data", app) // calls would fail whose connections end meanwhile
	}
}

// usage is what the kubelet says of a pod's container.
type usage struct {
	Name   string
	CPU    struct{ UsageCoreNanoSeconds float64 }
	Memory struct{ WorkingSetBytes float64 }
}

// usages are those of the services' pods, by service.
func usages(t *testing.T) map[string][]usage {
	t.Helper()
	found := map[string][]usage{}
	for _, node := range strings.Fields(kubectl(t, "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")) {
		var summary struct {
			Pods []struct {
				PodRef     struct{ Name, Namespace string }
				Containers []usage
			}
		}
		if err := json.Unmarshal([]byte(kubectl(t, "get", "--raw", "/api/v1/nodes/"+node+"/proxy/stats/summary")), &summary); err != nil {
			t.Fatal(err)
		}
		for _, pod := range summary.Pods {
			service, _, _ := strings.Cut(pod.PodRef.Name, "-")
			if pod.PodRef.Namespace == "shop" && slices.ContainsFunc(pod.Containers, func(c usage) bool { return c.Name == "service" }) {
				found[service] = append(found[service], pod.Containers...)
			}
		}
	}
	return found
}

// memory is what a service and its sidecar hold, in MiB, the mean of all pods.
func memory(t *testing.T) (service, sidecar float64) {
	t.Helper()
	sums, counts := map[string]float64{}, map[string]float64{}
	for _, all := range usages(t) {
		for _, c := range all {
			sums[c.Name] += c.Memory.WorkingSetBytes / (1 << 20)
			counts[c.Name]++
		}
	}
	return sums["service"] / counts["service"], sums["istio-proxy"] / counts["istio-proxy"]
}
