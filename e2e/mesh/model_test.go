//go:build mesh

package mesh

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cost is what an order cost a service: CPU of its containers and of their sidecars in
// milliseconds, statements, and bytes of WAL.
type cost struct{ cpu, sidecar, statements, wal float64 }

// Row 20, costs: what each service spends on an order, from placing to the mail, at a steady
// rate.
func TestRow20Costs(t *testing.T) {
	stock(t)
	sql(t, "postgres", "create extension if not exists pg_stat_statements")
	in := []string{"load", "-url", gateway, "-ca", certificate(t), "-writes", "1"}
	drive[made](t, outside, append(in, "-rate", "20", "-for", "5s")...)
	const resting, duration = 20 * time.Second, 60 * time.Second
	idle := spent(t, resting, func() {})
	t.Logf("row 20, costs: without orders %s", replicaOf(t, idle, resting))
	var placed int
	busy := spent(t, duration, func() {
		got := drive[made](t, outside, append(in, "-rate", "20", "-for", duration.String())...)
		placed = got.Writes.Made - got.Writes.Failed
	})
	if placed < 1000 {
		t.Fatalf("%d orders were placed", placed)
	}
	var all cost
	t.Logf("row 20, costs: per order, of %d at 20 a second, less what runs without orders", placed)
	for _, service := range allServices() {
		// What runs without orders, such as probes and polls, is not the orders'.
		rest := float64(duration) / float64(resting)
		c := cost{
			cpu:        (busy[service].cpu - idle[service].cpu*rest) / float64(placed),
			sidecar:    (busy[service].sidecar - idle[service].sidecar*rest) / float64(placed),
			statements: (busy[service].statements - idle[service].statements*rest) / float64(placed),
			wal:        (busy[service].wal - idle[service].wal*rest) / float64(placed),
		}
		t.Logf("row 20, costs: %-12s CPU %.2f ms, sidecar %.2f ms, %.1f statements, %.1f kB of WAL", service, c.cpu, c.sidecar, c.statements, c.wal/1000)
		all.cpu, all.sidecar, all.statements, all.wal = all.cpu+c.cpu, all.sidecar+c.sidecar, all.statements+c.statements, all.wal+c.wal
	}
	t.Logf("row 20, costs: %-12s CPU %.2f ms, sidecar %.2f ms, %.1f statements, %.1f kB of WAL", "all", all.cpu, all.sidecar, all.statements, all.wal/1000)
	if all.cpu <= 0 || all.statements <= 0 {
		t.Error("nothing was measured")
	}
}

// replicaOf says what the replicas of services and their sidecars used in a time, and hold now:
// those of the service that used least and most, of its CPU the mean of its replicas.
func replicaOf(t *testing.T, used map[string]cost, in time.Duration) string {
	t.Helper()
	var cpu, sidecarCPU, memory, sidecarMemory []float64
	for service, all := range usages(t) {
		replicas := 0.0
		for _, container := range all {
			if held := container.Memory.WorkingSetBytes / (1 << 20); container.Name == "service" {
				replicas++
				memory = append(memory, held)
			} else {
				sidecarMemory = append(sidecarMemory, held)
			}
		}
		millicores := 1000 / (replicas * float64(in.Milliseconds()))
		cpu = append(cpu, used[service].cpu*millicores)
		sidecarCPU = append(sidecarCPU, used[service].sidecar*millicores)
	}
	return fmt.Sprintf("a replica uses %.0f–%.0fm of CPU and %.0f–%.0f MiB, its sidecar %.0f–%.0fm and %.0f–%.0f MiB",
		slices.Min(cpu), slices.Max(cpu), slices.Min(memory), slices.Max(memory),
		slices.Min(sidecarCPU), slices.Max(sidecarCPU), slices.Min(sidecarMemory), slices.Max(sidecarMemory))
}

// spent is what each service used while something happened, which took so long at least. The
// kubelet measures every ten seconds or so: it is asked once what is done has settled.
func spent(t *testing.T, least time.Duration, happens func()) map[string]cost {
	t.Helper()
	before := used(t)
	began := time.Now()
	happens()
	<-time.After(least - time.Since(began)) // the time is the measure itself
	after := used(t)
	for service, c := range before {
		a := after[service]
		after[service] = cost{a.cpu - c.cpu, a.sidecar - c.sidecar, a.statements - c.statements, a.wal - c.wal}
	}
	return after
}

// used is what each service has used so far.
func used(t *testing.T) map[string]cost {
	t.Helper()
	found := map[string]cost{}
	for service, all := range usages(t) {
		c := found[service]
		for _, container := range all {
			if container.Name == "service" {
				c.cpu += container.CPU.UsageCoreNanoSeconds / 1e6
			} else {
				c.sidecar += container.CPU.UsageCoreNanoSeconds / 1e6
			}
		}
		found[service] = c
	}
	rows := sql(t, "postgres", `select d.datname, sum(s.calls)::bigint, sum(s.wal_bytes)::bigint
		from pg_stat_statements s join pg_database d on d.oid = s.dbid where starts_with(d.datname, 'shopmesh_') group by 1`)
	for row := range strings.Lines(rows) {
		parts := strings.Split(strings.TrimSpace(row), "|")
		service := strings.TrimPrefix(parts[0], "shopmesh_")
		c := found[service]
		var err error
		if c.statements, err = strconv.ParseFloat(parts[1], 64); err == nil {
			c.wal, err = strconv.ParseFloat(parts[2], 64)
		}
		if err != nil {
			t.Fatalf("the counters of %s: %v", row, err)
		}
		found[service] = c
	}
	return found
}

// Row 20, model: orders a second of one, two and four replicas of order, each with 150m of CPU,
// beside Amdahl's law fitted to them.
func TestRow20Model(t *testing.T) {
	stock(t)
	defer func() { // before the test's context ends
		kubectl(t, "-n", "shop", "patch", "deployment/order", "--type=json", "-p", `[{"op": "remove", "path": "/spec/template/spec/containers/0/resources/limits/cpu"}]`)
		replicas(t, "order", 2)
	}()
	kubectl(t, "-n", "shop", "set", "resources", "deployment/order", "-c", "service", "--limits=cpu=150m")
	counts := []float64{1, 2, 4}
	var rates []float64
	for _, n := range counts {
		replicas(t, "order", int(n))
		most(t, "5s", "-url", gateway, "-ca", certificate(t))
		var rounds []float64
		for range 3 {
			got := most(t, "15s", "-url", gateway, "-ca", certificate(t))
			if got.Failed > 0 {
				t.Fatalf("%d of %d orders failed with %v replicas: %v", got.Failed, got.Made, n, got.Errors)
			}
			rounds = append(rounds, got.PerSecond)
		}
		rates = append(rates, median(rounds))
	}
	one, serial := fit(counts, rates)
	worst := 0.0
	for i, n := range counts {
		worst = max(worst, math.Abs(amdahl(one, serial, n)/rates[i]-1))
	}
	if worst > 0.2 {
		t.Errorf("the model is off by %.0f %%, want 20 at most", 100*worst)
	}
	t.Logf("row 20, model: %v replicas of 150m take %s orders/s; %.0f n / (1 + %.3f (n - 1)) is off by %.0f %% at most", counts, fmt.Sprintf("%.0f", rates), one, serial, 100*worst)
}

// most places as many orders as are confirmed: each address has as many under way as it may have
// that wait for their payment, but for some.
func most(t *testing.T, lasts string, to ...string) calls {
	t.Helper()
	return loaded(t, append(to, "-follow", "-writes", "1", "-under-way", "18", "-for", lasts), func() {}).Writes
}

// amdahl is what n replicas do when a part of the work is done by all of them in turn.
func amdahl(one, serial, n float64) float64 { return one * n / (1 + serial*(n-1)) }

// fit finds what one replica does, and the part that is serial, with the least relative error.
func fit(counts, rates []float64) (one, serial float64) {
	least := math.Inf(1)
	for s := 0.0; s <= 1; s += 0.001 {
		for o := rates[0] * 0.5; o <= rates[0]*1.5; o += rates[0] / 500 {
			sum := 0.0
			for i, n := range counts {
				sum += math.Pow(amdahl(o, s, n)/rates[i]-1, 2)
			}
			if sum < least {
				least, one, serial = sum, o, s
			}
		}
	}
	return one, serial
}
