//go:build mesh

package mesh

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// during runs a verb of the driver while something happens.
func during[T any](t *testing.T, pod string, args []string, happens func()) T {
	t.Helper()
	got := make(chan T, 1)
	go func() {
		defer close(got)
		got <- drive[T](t, pod, args...)
	}()
	happens()
	answer, ok := <-got
	if !ok {
		t.FailNow()
	}
	return answer
}

// replicas sets how many there are of a service and waits for them.
func replicas(t *testing.T, service string, n int) {
	t.Helper()
	kubectl(t, "-n", "shop", "scale", "deployment/"+service, fmt.Sprintf("--replicas=%d", n))
	kubectl(t, "-n", "shop", "rollout", "status", "deployment/"+service, "--timeout=180s")
}

// restart rolls a Deployment.
func restart(t *testing.T, namespace, name string) {
	t.Helper()
	kubectl(t, "-n", namespace, "rollout", "restart", "deployment/"+name)
	kubectl(t, "-n", namespace, "rollout", "status", "deployment/"+name, "--timeout=240s")
}

// Row 3: watchers see each version of their order once, though the service and the ingress are
// rolled under them; they resume by the version that they saw last.
func TestRow03Streams(t *testing.T) {
	stock(t)
	const watchers = 50
	seen := during[[]watched](t, outside, []string{"watch", "-url", gateway, "-ca", certificate(t), "-n", fmt.Sprint(watchers), "-for", "150s"}, func() {
		restart(t, "shop", "order")
		restart(t, "shop-ingress", "ingress")
	})
	broken, slowest := 0, int64(0)
	ends := map[string]int{}
	for i, w := range seen {
		if err := w.once(); err != nil {
			t.Errorf("watcher %d: %v", i, err)
		}
		if w.Resumed > 2000 {
			t.Errorf("watcher %d stood without a stream for %d ms", i, w.Resumed)
		}
		broken += w.Broken
		slowest = max(slowest, w.Resumed)
		for why, n := range w.Ends {
			ends[why] += n
		}
	}
	if broken < watchers {
		t.Errorf("streams ended %d times only: nothing was rolled under them", broken)
	}
	t.Logf("row 3: %d watchers, %d streams ended (%v), resumed within %d ms, each version once", len(seen), broken, ends, slowest)
}

// Row 4: no call fails while a service goes from one replica to three and back, and is rolled.
func TestRow04Rollout(t *testing.T) {
	stock(t)
	replicas(t, "order", 1)
	replicas(t, "catalog", 1)
	defer func() { // before the test's context ends
		replicas(t, "order", 2)
		replicas(t, "catalog", 2)
	}()
	var parts []float64
	load := steady(t, 40, 150*time.Second, func() {
		replicas(t, "order", 3)
		replicas(t, "catalog", 3)
		eventually(t, 90*time.Second, func() error {
			parts = shares(arrived(t, "order", time.Now().Add(-20*time.Second)))
			if len(parts) != 3 || slices.Min(parts) < 0.25 || slices.Max(parts) > 0.41 {
				return fmt.Errorf("the replicas' shares are %.2f, want 0.33 ± 0.08 each", parts)
			}
			return nil
		})
		replicas(t, "order", 1)
		replicas(t, "catalog", 1)
		restart(t, "shop", "order")
		restart(t, "shop", "catalog")
	})
	for kind, c := range map[string]calls{"reads": load.Reads, "writes": load.Writes} {
		if c.Failed > 0 {
			t.Errorf("%d of %d %s failed: %v", c.Failed, c.Made, kind, c.Errors)
		}
		if c.P99 > 1000 {
			t.Errorf("the p99 of %s is %.0f ms", kind, c.P99)
		}
	}
	audit(t)
	t.Logf("row 4: %d reads (p99 %.0f ms) and %d writes (p99 %.0f ms), %d failed; shares of three replicas %.2f",
		load.Reads.Made, load.Reads.P99, load.Writes.Made, load.Writes.P99, load.Reads.Failed+load.Writes.Failed, parts)
}

// shares are the parts that several had of all.
func shares(counts []int) []float64 {
	var parts []float64
	for _, n := range counts {
		parts = append(parts, float64(n)/float64(max(total(counts), 1)))
	}
	return parts
}

func total(counts []int) int {
	sum := 0
	for _, n := range counts {
		sum += n
	}
	return sum
}
