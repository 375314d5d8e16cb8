//go:build mesh

package mesh

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// Row 8: a replica that answers with errors gets no calls soon, and gets them again soon after
// it is well; and what waited for PostgreSQL goes on soon after that is back.
func TestRow08Ejection(t *testing.T) {
	defer healed(t, "catalog")
	healed(t, "catalog")
	figures := []string{
		sickReplica(t, injected("503", "abort: {http_status: 503, percentage: {numerator: 100}}"), protocols...),
		// Of gRPC the proxy reads the status, which it sees in headers only.
		sickReplica(t, withoutDatabase("catalog"), "grpc"),
		databaseAway(t),
	}
	audit(t)
	t.Logf("row 8: %s", strings.Join(figures, "; "))
}

// failed reports whether a replica answered with an error: by its status, or in gRPC, where that
// is always 200, by an answer without a message. What a proxy ended because its time was over is
// none: that happens to a replica that is well, too.
func (l logged) failed() bool {
	return l.Code >= 500 || l.Code == 200 && l.Bytes == 0 && l.Details != "max_duration_timeout"
}

// sickReplica shows how long a sick replica gets calls, and how soon it has some again.
func sickReplica(t *testing.T, by sickness, over ...string) string {
	t.Helper()
	pods := podsOf(t, "shop", "catalog")
	if len(pods) != 2 {
		t.Fatalf("the replicas of catalog are %v, want two", pods)
	}
	const rate, seconds, unseen = 40, 70, 200
	began := time.Now()
	var ill, well time.Time
	all := during[[]probed](t, outside, []string{
		"probe", "-url", gateway, "-ca", certificate(t), "-procedure", listCategories, "-rest", "GET " + categories, "-protocols", strings.Join(over, ","),
		"-n", fmt.Sprint(rate * seconds / len(over)), "-callers", "8", "-rate", fmt.Sprint(rate),
	}, func() {
		ill = sicken(t, by, pods[0])
		eventually(t, 30*time.Second, func() error {
			if out := atIngress(t, "catalog", "ejections_active"); slices.Contains(slices.Collect(maps.Values(out)), 0) {
				return fmt.Errorf("%s is out at %v of the ingress's replicas", by.name, out)
			}
			return nil
		})
		out := time.Now()
		eventually(t, 30*time.Second, func() error {
			if n := len(requests(t, "shop", pods[1], out, listCategories, categories)); n < unseen {
				return fmt.Errorf("the other replica had %d reads since", n)
			}
			return nil
		})
		well = time.Now()
		heal(t)
	})
	healed(t, "catalog")
	written(t, categories, pods)
	arrived := requests(t, "shop", pods[0], began, listCategories, categories)
	slices.SortFunc(arrived, func(a, b logged) int { return a.Start.Compare(b.Start) })
	first := slices.IndexFunc(arrived, func(one logged) bool { return one.Start.After(ill) && one.failed() })
	if first < 0 {
		t.Fatalf("none of %d reads failed at the sick replica", len(arrived))
	}
	sick := arrived[first].Start
	var out, back time.Duration
	missed := 0
	for i := first; i < len(arrived) && missed < unseen; i++ {
		until := time.Now()
		if i+1 < len(arrived) {
			until = arrived[i+1].Start
		}
		out, missed = arrived[i].Start.Sub(sick), between(all, arrived[i].Start, until)
	}
	if missed < unseen || out > 7*time.Second {
		t.Errorf("%s: %v after its first error it was still called: %d reads after that went by, want 200 within 7 s", by.name, out, missed)
	}
	returned := slices.IndexFunc(arrived, func(one logged) bool { return one.Start.After(well) && !one.failed() })
	if returned < 0 {
		back = all[len(all)-1].Start.Sub(well)
		t.Errorf("%s: well again, it had no read within %v", by.name, back)
	} else if back = arrived[returned].Start.Sub(well); back > 25*time.Second {
		t.Errorf("%s: well again, it had its first read after %v", by.name, back)
	}
	return fmt.Sprintf("%s: out %v after its first error, 0 of the next %d reads, back %v after its recovery; %d of %d reads failed",
		by.name, out, missed, back.Round(10*time.Millisecond), len(failedOf(all)), len(all))
}

// between counts the calls that were made in a time.
func between(all []probed, from, until time.Time) int {
	n := 0
	for _, one := range all {
		if one.Start.After(from) && one.Start.Before(until) {
			n++
		}
	}
	return n
}

// databaseAway shows how soon reads and orders succeed after PostgreSQL was away for 30 s.
func databaseAway(t *testing.T) string {
	t.Helper()
	stock(t)
	scale := func(n string) {
		kubectl(t, "-n", "shop-data", "scale", "statefulset/postgres", "--replicas="+n)
	}
	defer func() {
		scale("1")
		kubectl(t, "-n", "shop-data", "rollout", "status", "statefulset/postgres", "--timeout=180s")
	}()
	var gone time.Time
	var orders calls
	all := during[[]probed](t, outside, []string{
		"probe", "-url", gateway, "-ca", certificate(t), "-procedure", listCategories, "-rest", "GET " + categories, "-n", "225", "-callers", "40", "-rate", "10",
	}, func() {
		// One a second: a guest may have twenty that are not paid, and none is paid before the relays publish again.
		orders = during[made](t, outside, []string{"load", "-url", gateway, "-ca", certificate(t), "-rate", "1", "-writes", "1", "-for", "85s"}, func() {
			scale("0")
			kubectl(t, "-n", "shop-data", "wait", "--for=delete", "pod/postgres-0", "--timeout=60s")
			gone = time.Now()
			select {
			case <-time.After(30 * time.Second):
			case <-t.Context().Done():
			}
			scale("1")
			kubectl(t, "-n", "shop-data", "rollout", "status", "statefulset/postgres", "--timeout=180s")
		}).Writes
	})
	// From when Kubernetes sends it connections; in whole seconds, rounded down.
	ready, err := time.Parse(time.RFC3339, kubectl(t, "-n", "shop-data", "get", "pod", "postgres-0", "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].lastTransitionTime}`))
	if err != nil {
		t.Fatal(err)
	}
	failed := 0
	var first time.Time
	for _, one := range all {
		end := one.Start.Add(time.Duration(one.Millis) * time.Millisecond)
		switch {
		case one.Start.Before(gone):
		case !one.answered():
			failed++
		case first.IsZero() || end.Before(first):
			first = end
		}
	}
	if failed == 0 || orders.Failed == 0 {
		t.Errorf("PostgreSQL was away, and %d reads and %d orders failed", failed, orders.Failed)
	}
	if first.IsZero() || first.Sub(ready) > 5*time.Second {
		t.Errorf("the first read succeeded %v after PostgreSQL's return", first.Sub(ready))
	}
	if orders.LastFailed.Sub(ready) > 5*time.Second || orders.Failed == orders.Made {
		t.Errorf("orders failed until %v after PostgreSQL's return: %v", orders.LastFailed.Sub(ready), orders.Errors)
	}
	return fmt.Sprintf("PostgreSQL away for %v: a read succeeded %v after its return, the last order that failed was made %v after it (%d of %d)",
		ready.Sub(gone).Round(time.Second), max(0, first.Sub(ready)).Round(10*time.Millisecond), orders.LastFailed.Sub(ready).Round(10*time.Millisecond), orders.Failed, orders.Made)
}
