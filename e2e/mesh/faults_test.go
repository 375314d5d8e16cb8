//go:build mesh

package mesh

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// A read that asks the database each time, which anybody may call.
const (
	listCategories = "/shopmesh.catalog.v1.CategoryService/ListCategories"
	categories     = "/v1/categories"
	placeOrder     = "/shopmesh.order.v1.OrderService/PlaceOrder"
)

// protocols are those of the driver's probe.
var protocols = []string{"connect", "grpc", "grpc-web", "rest"} //nolint:gochecknoglobals // a constant

// reads calls the read so often over each protocol.
func reads(t *testing.T, each int, flags ...string) []probed {
	t.Helper()
	return drive[[]probed](t, outside, append([]string{
		"probe", "-url", gateway, "-ca", certificate(t), "-n", fmt.Sprint(each), "-procedure", listCategories, "-rest", "GET " + categories,
	}, flags...)...)
}

// answered reports whether a call got its answer.
func (p probed) answered() bool {
	return p.HTTP == 200 && p.Error == "" && (p.Code == "0" || p.Code == "" && !strings.HasPrefix(p.Protocol, "grpc"))
}

// failedOf are the calls without an answer.
func failedOf(all []probed) []probed {
	return slices.DeleteFunc(slices.Clone(all), probed.answered)
}

// met counts the reads that came to a sick replica, by protocol.
func met(t *testing.T, pod string, since time.Time) map[string]int {
	t.Helper()
	by := map[string]int{}
	for _, one := range requests(t, "shop", pod, since, listCategories, categories) {
		by[strings.TrimPrefix(one.Agent, "driver ")]++
	}
	return by
}

// meanwhile are the reads that proxies logged while a call was under way, by the pod: the
// ingress's replicas and those of the service. A repeated read has one x-request-id.
func meanwhile(t *testing.T, call probed, pods []string) map[string][]logged {
	t.Helper()
	const unsure = 50 * time.Millisecond // between the clocks, and of how long it took
	from, until := call.Start.Add(-unsure), call.Start.Add(time.Duration(call.Millis)*time.Millisecond+unsure)
	at := map[string][]logged{}
	for namespace, of := range map[string][]string{"shop": pods, "shop-ingress": podsOf(t, "shop-ingress", "ingress")} {
		for _, pod := range of {
			at[pod] = slices.DeleteFunc(requests(t, namespace, pod, from, listCategories, categories), func(one logged) bool { return one.Start.After(until) })
		}
	}
	return at
}

// Row 7: calls that meet a sick replica are repeated at the other one where that is safe, and
// not more often than the budget allows; what may have had an effect is never repeated.
func TestRow07Retries(t *testing.T) {
	defer healed(t, "catalog")
	healed(t, "catalog")
	var figures []string
	pods := podsOf(t, "shop", "catalog")
	if len(pods) != 2 {
		t.Fatalf("the replicas of catalog are %v, want two", pods)
	}
	for _, sickness := range []sickness{injected("503", "abort: {http_status: 503, percentage: {numerator: 100}}"), withoutDatabase("catalog")} {
		sicken(t, sickness, pods[0])
		began := time.Now()
		// Slowly, so that the replica comes back between and is out again; and by three at once,
		// whom the budget always lets repeat.
		all := reads(t, 200, "-callers", "3", "-rate", "25")
		written(t, categories, pods[1:]) // the sick one has logged its last request long before
		by := met(t, pods[0], began)
		failed := failedOf(all)
		for _, one := range failed[:min(len(failed), 5)] {
			t.Errorf("a read over %s while one of two replicas answers %s: %+v; the proxies had then %+v", one.Protocol, sickness.name, one, meanwhile(t, one, pods))
		}
		for _, protocol := range protocols {
			if by[protocol] == 0 {
				t.Errorf("no read over %s came to the replica that answers %s: %v", protocol, sickness.name, by)
			}
		}
		figures = append(figures, fmt.Sprintf("%s at one of two: %d of %d reads answered, %v had come to it", sickness.name, len(all)-len(failed), len(all), by))
		healed(t, "catalog")
	}
	figures = append(figures, slowReplica(t, pods), bothSick(t, pods))
	figures = append(figures, sickWhileWriting(t), killedWhileWriting(t))
	audit(t)
	t.Logf("row 7: %s", strings.Join(figures, "; "))
}

// slowReplica shows that a try is ended in time for another one.
func slowReplica(t *testing.T, pods []string) string {
	t.Helper()
	sicken(t, injected("delay", "delay: {fixed_delay: 3s, percentage: {numerator: 100}}"), pods[0])
	all := reads(t, 50, "-callers", "3", "-rate", "25")
	var slow, slowest int64
	for _, one := range all {
		if !one.answered() || one.Millis > 1300 {
			t.Errorf("a read over %s while one of two replicas takes 3 s: %+v", one.Protocol, one)
		}
		if one.Millis >= 1000 {
			slow++
		}
		slowest = max(slowest, one.Millis)
	}
	if slow == 0 {
		t.Error("no read came to the replica that takes 3 s")
	}
	healed(t, "catalog")
	return fmt.Sprintf("3 s at one of two: %d of %d reads met it, the slowest was answered after %d ms", slow, len(all), slowest)
}

// bothSick shows that repeating does not multiply the load on what is sick altogether.
func bothSick(t *testing.T, pods []string) string {
	t.Helper()
	sicken(t, injected("both", "delay: {fixed_delay: 0.2s, percentage: {numerator: 100}}, abort: {http_status: 503, percentage: {numerator: 100}}"), pods...)
	before := atIngress(t, "catalog", "upstream_rq_retry")
	all := reads(t, 100, "-callers", "100")
	repeated := 0
	for pod, n := range atIngress(t, "catalog", "upstream_rq_retry") {
		repeated += n - before[pod]
	}
	failed := len(failedOf(all))
	if failed == 0 {
		t.Error("no read failed though both replicas are sick")
	}
	// "At most 20 % + 3": the budget that Envoy counts by is a part of what is under way, which
	// includes the repetitions, so the fifth is one of all tries.
	if tries := len(all) + repeated; repeated == 0 || float64(repeated) > 0.2*float64(tries)+3 {
		t.Errorf("%d of %d tries were repetitions, want a fifth of them and three", repeated, tries)
	}
	healed(t, "catalog")
	return fmt.Sprintf("both sick: %d repetitions for %d reads, %d of which failed", repeated, len(all), failed)
}

// sickWhileWriting shows that an order which a sick replica may have had is not sent again.
func sickWhileWriting(t *testing.T) string {
	t.Helper()
	stock(t)
	defer healed(t, "order")
	pods := podsOf(t, "shop", "order")
	if len(pods) != 2 {
		t.Fatalf("the replicas of order are %v, want two", pods)
	}
	sicken(t, injected("503", "abort: {http_status: 503, percentage: {numerator: 100}}"), pods[0])
	began := time.Now()
	load := twoHundred(t, func() {})
	healed(t, "order")
	written(t, "/v1/orders", pods)
	sent, twice := sentOrders(t, pods, began)
	atSick := len(requests(t, "shop", pods[0], began, placeOrder))
	if atSick == 0 || load.Failed == 0 {
		t.Errorf("%d orders came to the replica that answers 503, and %d failed", atSick, load.Failed)
	}
	if load.Made != 200 || len(sent) > load.Made || load.Failed > atSick+few {
		t.Errorf("%d orders were made, %d failed (%v), %d requests came to the replicas, %d of them to the sick one", load.Made, load.Failed, load.Errors, len(sent), atSick)
	}
	return fmt.Sprintf("503 at one of two: of %d orders %d came to a replica, %d to the sick one, %d of them twice; %d failed", load.Made, len(sent), atSick, twice, load.Failed)
}

// few is how many orders may fail beside those that are counted: five in a row at each of the
// ingress's two replicas, until they leave a replica out.
const few = 10

// sentOrders counts how often each request for an order came to replicas, by its x-request-id, and
// those that came twice, of which there must be none.
func sentOrders(t *testing.T, pods []string, since time.Time) (sent map[string]int, twice int) {
	t.Helper()
	sent = map[string]int{}
	for _, pod := range pods {
		for _, one := range requests(t, "shop", pod, since, placeOrder) {
			if sent[one.ID]++; sent[one.ID] == 2 {
				twice++
				t.Errorf("the order of the request %s was sent twice", one.ID)
			}
		}
	}
	return sent, twice
}

// killedWhileWriting shows that no order is sent twice, though a replica is killed while it
// has orders under way.
func killedWhileWriting(t *testing.T) string {
	t.Helper()
	stock(t)
	pods := podsOf(t, "shop", "order")
	if len(pods) != 2 {
		t.Fatalf("the replicas of order are %v, want two", pods)
	}
	const lock = "lock table orders in exclusive mode"
	began := time.Now()
	load := twoHundred(t, func() {
		// Orders wait in both replicas for a table until the kill is done, so that it meets some.
		unlocked := make(chan struct{})
		go func() {
			defer close(unlocked)
			_, _ = try(t.Context(), "", "kubectl", "-n", "shop-data", "exec", "postgres-0", "-c", "postgres", "--",
				"psql", "-U", "postgres", "-d", "shopmesh_order", "-c", "begin; "+lock+"; select pg_sleep(60)")
		}()
		eventually(t, 30*time.Second, func() error {
			waiting := sql(t, "postgres", "select count(*) from pg_stat_activity where datname = 'shopmesh_order' and wait_event_type = 'Lock'")
			if waiting == "0" || waiting == "1" {
				return fmt.Errorf("%s transactions wait", waiting)
			}
			return nil
		})
		restarts := func() string {
			return kubectl(t, "-n", "shop", "get", "pod", pods[0], "-o", `jsonpath={.status.containerStatuses[?(@.name=="service")].restartCount}`)
		}
		before := restarts()
		signal(t, "-containers", containerOf(t, "shop", pods[0], "service"), "-signal", "KILL")
		eventually(t, 30*time.Second, func() error { // the hand signals a moment later
			if restarts() == before {
				return fmt.Errorf("%s was not killed", pods[0])
			}
			return nil
		})
		sql(t, "postgres", "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and query like '%"+lock+"%'")
		<-unlocked
	})
	kubectl(t, "-n", "shop", "rollout", "status", "deployment/order", "--timeout=180s")
	written(t, "/v1/orders", pods)
	sent, twice := sentOrders(t, pods, began)
	cut := 0
	for _, one := range requests(t, "shop", pods[0], began, placeOrder) {
		if one.Flags == "UC" {
			cut++
		}
	}
	if cut == 0 {
		t.Error("the kill met no order that was under way")
	}
	// Those that were under way fail, and the few that find the port closed before it is known.
	if load.Made != 200 || len(sent) > load.Made || load.Failed > cut+few {
		t.Errorf("%d orders were made, %d failed (%v), %d were cut off, %d requests came to the replicas", load.Made, load.Failed, load.Errors, cut, len(sent))
	}
	return fmt.Sprintf("a replica killed with %d orders under way: of %d orders %d came to a replica, %d of them twice; %d failed (%v)", cut, load.Made, len(sent), twice, load.Failed, load.Errors)
}

// twoHundred places as many orders at ten a second.
func twoHundred(t *testing.T, happens func()) calls {
	t.Helper()
	return loaded(t, []string{
		"-url", gateway, "-ca", certificate(t), "-writes", "1", "-grpc", "-for", "2m",
		"-rate", fmt.Sprint(10.0 / addresses), "-n", fmt.Sprint(200 / addresses),
	}, happens).Writes
}
