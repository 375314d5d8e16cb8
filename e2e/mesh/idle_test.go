//go:build mesh

package mesh

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// watched is what one watcher of the driver saw.
type watched struct {
	Versions []int64
	Broken   []time.Time
	Ends     map[string]int
	Resumed  int64
	Error    string
}

// endedIn counts how often the stream ended in a time.
func (w watched) endedIn(from, until time.Time) int {
	n := 0
	for _, at := range w.Broken {
		if at.After(from) && at.Before(until) {
			n++
		}
	}
	return n
}

// once returns an error unless each version came once, to the last one.
func (w watched) once() error {
	want := make([]int64, len(w.Versions))
	for i := range want {
		want[i] = int64(i + 1)
	}
	if w.Error != "" || len(w.Versions) < 3 || !slices.Equal(w.Versions, want) {
		return fmt.Errorf("versions %v, %s", w.Versions, w.Error)
	}
	return nil
}

// Row 3, idle: a stream on which nothing comes for 330 s sees what comes then. It lasts longer
// than the idle times of Envoy (5 minutes in some profiles) and of the services (2 minutes).
func TestRow03Idle(t *testing.T) {
	t.Parallel()
	stock(t)
	began := time.Now()
	seen := drive[[]watched](t, outside, "watch", "-url", gateway, "-ca", certificate(t), "-n", "5", "-for", "335s")
	for _, w := range seen {
		if err := w.once(); err != nil {
			t.Error(err)
		}
		if len(w.Broken) > 0 { // the ingress's connections last 15 minutes
			t.Errorf("a silent stream ended %d times: %v", len(w.Broken), w.Ends)
		}
	}
	if len(seen) != 5 {
		t.Errorf("%d streams, want 5", len(seen))
	}
	t.Logf("row 3, idle: %d streams of %v, 330 s of it silent: none ended, each version once", len(seen), time.Since(began).Round(time.Second))
}

// Row 4, idle: connections that were silent for about as long as the services keep theirs (120 s)
// are used again, and no call meets one that is just being closed. Both sides of each sidecar
// leave connections after 60 s.
func TestRow04Idle(t *testing.T) {
	t.Parallel()
	began := time.Now()
	procedures := []string{
		"/shopmesh.catalog.v1.ProductService/ListProducts", "/shopmesh.config.v1.ConfigService/GetSettings", "/shopmesh.customer.v1.CustomerService/ListCustomers",
		"/shopmesh.identity.v1.AccountService/GetSelf", "/shopmesh.inventory.v1.InventoryService/ListMovements", "/shopmesh.notification.v1.NotificationService/ListNotifications",
		"/shopmesh.order.v1.OrderService/ListOrders", "/shopmesh.payment.v1.PaymentService/ListPayments",
	}
	type idled struct {
		Connections, Reused int
		Answers             map[string]int
	}
	got := drive[idled](t, outside, "idle", "-url", gateway, "-ca", certificate(t), "-procedures", strings.Join(procedures, ","))
	for answer, n := range got.Answers {
		if answer != "200" && answer != "401" { // 401: the service itself, which asks for a token
			t.Errorf("%d calls got %s", n, answer)
		}
	}
	if got.Reused != got.Connections {
		t.Errorf("%d of %d connections were still open", got.Reused, got.Connections)
	}
	cut := cutOff(t, "shop-ingress", "ingress", began)
	for _, service := range allServices() {
		cut += cutOff(t, "shop", service, began)
	}
	if cut > 0 {
		t.Errorf("%d calls met a connection that was being closed (503 UC)", cut)
	}
	t.Logf("row 4, idle: %d connections, silent for 118 to 122 s: %d were used again, answers %v, %d with 503 UC", got.Connections, got.Reused, got.Answers, cut)
}

// cutOff counts the calls since a time whose connection to the next proxy or service was cut off
// before they were answered, by the logs of the proxies of an app's pods. Streams that end so have
// had an answer.
func cutOff(t *testing.T, namespace, app string, since time.Time) int {
	t.Helper()
	n := 0
	for _, pod := range podsOf(t, namespace, app) {
		for _, one := range requests(t, namespace, pod, since) {
			if one.Code == 503 && strings.Contains(one.Flags, "UC") {
				n++
				t.Logf("%s: %+v", pod, one)
			}
		}
	}
	return n
}

// Row 3, addresses: sixty-five watchers from five addresses on one replica: none waits for
// another's stream to end.
func TestRow03Addresses(t *testing.T) {
	stock(t)
	const addresses, each = 5, 13
	defer func() {
		replicas(t, "order", 2)
		outsiders(t, 1)
	}()
	replicas(t, "order", 1)
	noneEnds(t, "shop", "order") // a stream that it takes would end with it
	pods := outsiders(t, addresses)
	ca := certificate(t)
	seen := make([][]watched, addresses)
	var all sync.WaitGroup
	for i := range seen {
		all.Go(func() {
			seen[i] = drive[[]watched](t, "shop-test/"+pods[i], "watch", "-url", gateway, "-ca", ca, "-n", fmt.Sprint(each), "-for", "30s")
		})
	}
	all.Wait()
	streams, broken := 0, 0
	ends := map[string]int{}
	for _, w := range slices.Concat(seen...) {
		if err := w.once(); err != nil {
			t.Error(err)
		}
		streams++
		broken += len(w.Broken)
		for why, n := range w.Ends {
			ends[why] += n
		}
	}
	if streams != addresses*each || broken > 0 {
		t.Errorf("%d streams, broken %d times: %v", streams, broken, ends)
	}
	t.Logf("row 3, addresses: %d watchers from %d addresses on one replica, each version once, %d streams were broken", streams, addresses, broken)
}
