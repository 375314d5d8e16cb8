//go:build mesh

package mesh

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"
)

// untilThen is the flag with which a verb of the driver ends when what happens meanwhile is over, and not later.
const untilThen = "-until-input-ends"

// during runs a verb of the driver while something happens.
func during[T any](t *testing.T, pod string, args []string, happens func()) T {
	t.Helper()
	input, over := io.Pipe()
	defer func() { _ = over.Close() }()
	got := make(chan T, 1)
	go func() {
		defer close(got)
		answer, err := runWith[T](t, input, pod, append([]string{"driver"}, args...)...)
		if err != nil {
			t.Error(err)
			return
		}
		got <- answer
	}()
	happens()
	_ = over.Close()
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

// restartWhole rolls a Deployment, and waits until none of its former pods is left: those that are
// about to end still have calls and streams.
func restartWhole(t *testing.T, namespace, name string) {
	t.Helper()
	restart(t, namespace, name)
	noneEnds(t, namespace, name)
}

// noneEnds waits until none of an app's pods is about to end.
func noneEnds(t *testing.T, namespace, name string) {
	t.Helper()
	eventually(t, patience, func() error {
		if all, running := replicasOf(t, part{namespace: namespace, app: name}), podsOf(t, namespace, name); len(all) > len(running) {
			return fmt.Errorf("of the pods %v only %v are not about to end", all, running)
		}
		return nil
	})
}

// Row 3: watchers see each version of their order once, though the service and the ingress are
// rolled under them; they resume by the version that they saw last.
func TestRow03Streams(t *testing.T) {
	stock(t)
	const watchers, lasts = 50, 180 * time.Second
	began := time.Now()
	var middle, end time.Time
	seen := during[[]watched](t, outside, []string{"watch", "-url", gateway, "-ca", certificate(t), "-n", fmt.Sprint(watchers), "-for", lasts.String(), untilThen}, func() {
		restartWhole(t, "shop", "order")
		middle = time.Now()
		restartWhole(t, "shop-ingress", "ingress")
		end = time.Now()
	})
	if took := end.Sub(began); took > lasts {
		t.Errorf("order and the ingress were rolled within %v, and watched for %v", took, lasts)
	}
	broken, slowest := 0, int64(0)
	ends := map[string]int{}
	for i, w := range seen {
		if err := w.once(); err != nil {
			t.Errorf("watcher %d: %v", i, err)
		}
		if w.Resumed > 2000 {
			t.Errorf("watcher %d stood without a stream for %d ms", i, w.Resumed)
		}
		if order, ingress := w.endedIn(began, middle), w.endedIn(middle, end); order == 0 || ingress == 0 {
			t.Errorf("watcher %d: its stream ended %d times while order was rolled, %d times while the ingress was: want once each at least", i, order, ingress)
		}
		broken += len(w.Broken)
		slowest = max(slowest, w.Resumed)
		for why, n := range w.Ends {
			ends[why] += n
		}
	}
	if broken < 2*watchers || len(seen) != watchers {
		t.Errorf("%d streams ended %d times only, want %d streams and twice each", len(seen), broken, watchers)
	}
	t.Logf("row 3: %d watchers, %d streams ended (%v) while order and the ingress were rolled, resumed within %d ms, each version once", len(seen), broken, ends, slowest)
}

// Row 4: no call fails while services go from one replica to three and back, and are rolled, and the
// ingress is rolled, too: it ends its connections when what is under way is answered (istio#48138).
func TestRow04Rollout(t *testing.T) {
	stock(t)
	replicas(t, "order", 1)
	replicas(t, "catalog", 1)
	defer func() { // before the test's context ends
		replicas(t, "order", 2)
		replicas(t, "catalog", 2)
	}()
	parts := map[string][]float64{}
	const lasts = 210 * time.Second
	var took time.Duration
	load := steady(t, 40, lasts, func() {
		began := time.Now()
		replicas(t, "order", 3)
		replicas(t, "catalog", 3)
		eventually(t, 90*time.Second, func() error {
			since := time.Now().Add(-20 * time.Second)
			for _, service := range []string{"order", "catalog"} {
				parts[service] = shares(arrived(t, service, since))
			}
			for service, of := range parts {
				if len(of) != 3 || slices.Min(of) < 0.25 || slices.Max(of) > 0.41 {
					return fmt.Errorf("the shares of the replicas of %s are %.2f, want 0.33 ± 0.08 each", service, of)
				}
			}
			return nil
		})
		replicas(t, "order", 1)
		replicas(t, "catalog", 1)
		restart(t, "shop", "order")
		restart(t, "shop", "catalog")
		restartWhole(t, "shop-ingress", "ingress")
		took = time.Since(began)
	}, untilThen)
	if took > lasts {
		t.Errorf("all that happened took %v, and there were calls for %v", took, lasts)
	}
	for kind, c := range map[string]calls{"reads": load.Reads, "writes": load.Writes} {
		if c.Failed > 0 {
			t.Errorf("%d of %d %s failed: %v", c.Failed, c.Made, kind, c.Errors)
		}
		if half := 20 * took.Seconds(); float64(c.Made) < 0.9*half {
			t.Errorf("%d %s were made within %v, want %.0f", c.Made, kind, took, half)
		}
		if p99 := c.within(0.99); p99 > 1000 {
			t.Errorf("the p99 of %s is %.0f ms; those that took more than a second began at %v", kind, p99, c.Slow)
		}
	}
	audit(t)
	t.Logf("row 4: %d reads (p99 %.0f ms) and %d writes (p99 %.0f ms), %d failed within %v; shares of three replicas %.2f (order) and %.2f (catalog)",
		load.Reads.Made, load.Reads.within(0.99), load.Writes.Made, load.Writes.within(0.99), load.Reads.Failed+load.Writes.Failed, took.Round(time.Second), parts["order"], parts["catalog"])
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
