//go:build mesh

package mesh

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// scaledWithin is how long the autoscaler may take from the first call of the load until there
// is another replica that is ready.
const scaledWithin = 120 * time.Second

// base is a resource of deploy/base, as it is deployed where no overlay changes it.
func base(t *testing.T, kind, name string) object {
	t.Helper()
	for _, o := range objects(t, kubectl(t, "kustomize", filepath.Join(root(t), "deploy", "base"))) {
		if o["kind"] == kind && o.at("metadata", "name") == name {
			return o
		}
	}
	t.Fatalf("deploy/base has no %s %s", kind, name)
	return nil
}

// Row 17: a service under load gets another replica, by what its pods use; of two evictions
// the second is refused until the first is made up for.
func TestRow17Scaling(t *testing.T) {
	stock(t)
	const service = "order"
	scaler := base(t, "HorizontalPodAutoscaler", service)
	before := cpuOf(t, objects(t, kubectl(t, "-n", "shop", "get", "deployment", service, "-o", "yaml"))[0])
	defer func() { // before the test's context ends
		kubectl(t, "-n", "shop", "delete", "hpa", service, "--ignore-not-found")
		request(t, service, before)
		replicas(t, service, 2)
	}()
	// What is requested decides: the test overlay requests less, to have room on one node.
	request(t, service, cpuOf(t, base(t, "Deployment", service)))
	apply(t, scaler.json(t))
	eventually(t, patience, func() error { // metrics have been read, and nothing is to be changed yet
		if got := scaling(t, service); !got.measured() || got.ready != 2 {
			return fmt.Errorf("%+v before the load", got)
		}
		return nil
	})
	idle := scaling(t, service)
	began := time.Now()
	var grown scaled
	var took time.Duration
	load := loaded(t, []string{"-url", gateway, "-ca", certificate(t), "-follow", "-writes", "1", "-under-way", "18", "-for", scaledWithin.String()}, func() {
		eventually(t, scaledWithin, func() error {
			if grown = scaling(t, service); grown.ready < 3 {
				return fmt.Errorf("%+v under load", grown)
			}
			took = time.Since(began)
			return nil
		})
	})
	audit(t)
	first, second := evict(t, "catalog")
	// One address may have few orders that wait for their payment: some are refused here.
	t.Logf("row 17: %s went from %d to %d replicas after %v (CPU %d %% of what is requested, %d %% before), under %d orders (%d failed %v); evicted: %s, then %s",
		service, idle.ready, grown.ready, took.Round(time.Second), grown.percent, idle.percent,
		load.Writes.Made, load.Writes.Failed, load.Writes.Errors, first, second)
}

// cpuOf is what a Deployment's service requests of the CPU.
func cpuOf(t *testing.T, deployment object) string {
	t.Helper()
	containers, _ := deployment.at("spec", "template", "spec", "containers").([]any)
	for _, c := range containers {
		if c := object(c.(map[string]any)); c["name"] == "service" {
			if cpu, ok := c.at("resources", "requests", "cpu").(string); ok {
				return cpu
			}
		}
	}
	t.Fatalf("%v requests no CPU", deployment.at("metadata", "name"))
	return ""
}

// request sets what a service requests of the CPU.
func request(t *testing.T, service, cpu string) {
	t.Helper()
	kubectl(t, "-n", "shop", "set", "resources", "deployment/"+service, "-c", "service", "--requests=cpu="+cpu)
	kubectl(t, "-n", "shop", "rollout", "status", "deployment/"+service, "--timeout=180s")
}

// scaled is what an autoscaler and its Deployment say.
type scaled struct {
	// ready are the replicas that are, percent is the use of what they request: -1 while it
	// is not known.
	ready, percent int
}

func (s scaled) measured() bool { return s.percent >= 0 }

func scaling(t *testing.T, service string) scaled {
	t.Helper()
	number := func(kind, path string) int {
		n, err := strconv.Atoi(kubectl(t, "-n", "shop", "get", kind, service, "-o", "jsonpath={"+path+"}"))
		if err != nil {
			return -1
		}
		return n
	}
	return scaled{
		ready:   number("deployment", ".status.readyReplicas"),
		percent: number("hpa", ".status.currentMetrics[0].containerResource.current.averageUtilization"),
	}
}

// evict asks for the eviction of both replicas of a service, one right after the other, as a
// drained node does, and returns the answers. The second has to be refused.
func evict(t *testing.T, service string) (first, second string) {
	t.Helper()
	pods := replicasOf(t, part{namespace: "shop", app: service})
	if len(pods) != 2 {
		t.Fatalf("there are %d pods of %s", len(pods), service)
	}
	answers := make([]string, len(pods))
	for i, p := range pods {
		name := p.Metadata.Name
		body := fmt.Sprintf(`{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": %q, "namespace": "shop"}}`, name)
		_, err := try(t.Context(), body, "kubectl", "create", "--raw", "/api/v1/namespaces/shop/pods/"+name+"/eviction", "-f", "-")
		answers[i] = "accepted"
		if err != nil {
			_, answers[i], _ = strings.Cut(err.Error(), "exit status 1: ")
		}
	}
	if answers[0] != "accepted" {
		t.Errorf("the first eviction: %s", answers[0])
	}
	if !strings.Contains(answers[1], "TooManyRequests") {
		t.Errorf("the second eviction: %s", answers[1])
	}
	kubectl(t, "-n", "shop", "rollout", "status", "deployment/"+service, "--timeout=180s")
	return answers[0], answers[1]
}
