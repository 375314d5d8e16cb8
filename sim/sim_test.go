package sim_test

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopmesh/shopmesh/sim"
)

var (
	seeds = flag.Int("seeds", 2000, "how many seeds to run")
	seed  = flag.Uint64("seed", 0, "the first seed; 0 draws one")
)

// run lets a seed's run happen in a bubble of its own.
func run(t *testing.T, seed uint64, bugs sim.Bugs, log *sim.Log) (report sim.Report) {
	t.Helper()
	synctest.Test(t, func(*testing.T) { report = sim.Run(seed, bugs, log) })
	return report
}

// explain runs a seed again, which is the same run, for what happened in it.
func explain(t *testing.T, report sim.Report, bugs sim.Bugs) string {
	t.Helper()
	log := sim.NewLog()
	again := run(t, report.Seed, bugs, log)
	if again.Hash != report.Hash {
		return fmt.Sprintf("seed %d: %v\nThe seed ran another way the second time: %x, then %x", report.Seed, report.Broken, report.Hash, again.Hash)
	}
	return fmt.Sprintf("seed %d, after %d steps and %s: %v\nWhat happened last:\n%s\nReplay: go test ./sim -run 'TestTheShopHolds$' -seeds 1 -seed %d",
		report.Seed, report.Steps, report.Took.Round(time.Second), again.Broken, log.Last(again.Broken.OrderID, 60), report.Seed)
}

// many runs seeds on all cores until one fails or the number is reached.
func many(t *testing.T, first uint64, n int, bugs sim.Bugs) (reports []sim.Report, failed *sim.Report) {
	t.Helper()
	var mu sync.Mutex
	var next atomic.Int64
	var wait sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wait.Go(func() {
			for {
				i := next.Add(1) - 1
				mu.Lock()
				done := failed != nil
				mu.Unlock()
				if i >= int64(n) || done {
					return
				}
				report := run(t, first+uint64(i), bugs, nil)
				mu.Lock()
				reports = append(reports, report)
				if report.Broken != nil && (failed == nil || report.Seed < failed.Seed) {
					failed = &report
				}
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	return reports, failed
}

// No step breaks an invariant, whatever fails, for however long and in whatever order; and
// once nothing fails any more, every order comes to its end.
func TestTheShopHolds(t *testing.T) {
	t.Parallel()
	first := *seed
	if first == 0 {
		first = rand.Uint64N(1 << 40)
	}
	began := time.Now()
	reports, failed := many(t, first, *seeds, sim.Bugs{})
	if failed != nil {
		t.Fatal(explain(t, *failed, sim.Bugs{}))
	}
	counts, steps, orders, hours := map[string]int{}, 0, 0, 0.0
	for _, r := range reports {
		steps, orders, hours = steps+r.Steps, orders+r.Orders, hours+r.Took.Hours()
		for what, n := range r.Counts {
			counts[what] += n
		}
	}
	took := time.Since(began)
	t.Logf("%d seeds from %d: %d orders, %d steps, %.0f hours of the shop in %s (%.0f seeds/s)",
		len(reports), first, orders, steps, hours, took.Round(time.Millisecond), float64(len(reports))/took.Seconds())
	var all []string
	for _, what := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, fmt.Sprintf("%s: %d", what, counts[what]))
	}
	t.Log(strings.Join(all, ", "))
	if len(reports) < enoughToMeetAll {
		return
	}
	for _, what := range met {
		if counts[what] == 0 {
			t.Errorf("no run of %d met this: %s. The simulation no longer goes there", len(reports), what)
		}
	}
}

// enoughToMeetAll is from how many seeds on everything in met must have happened;
// the rarest happens in one of ten runs.
const enoughToMeetAll = 1000

// met is what must have happened in some run, or it proves less than it claims.
var met = []string{
	"aborted", "crashed", "disk lost", "redelivered", "republished", "stalled",
	"the provider's answer is opened", "the provider's answer is pending",
	"the customer must act", "refunded by others", "disputed", "dispute lost", "dispute won after all", "a notice was lost",
	"unknown outcome", "the provider acted late", "the provider answered twice",
	"republished or expired", "requested a reservation's order again", "paid after it expired",
	"cancels the order", "ships the order", "partly refunded", "resent", "erased", "refused",
	"ended DELIVERED", "ended CANCELLED EXPIRED", "ended CANCELLED OUT_OF_STOCK",
	"ended CANCELLED PAYMENT_FAILED", "ended CANCELLED REQUESTED", "mail SENT", "mail FAILED",
}
