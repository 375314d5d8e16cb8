//go:build mesh

package mesh

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Row 16: one trace holds an order's way: the ingress, the services, what goes by Kafka, and
// the mail.
func TestRow16Trace(t *testing.T) {
	stock(t)
	traced(t, 100)
	defer traced(t, 1) // before the test's context ends
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	trace := hex.EncodeToString(id)
	for _, o := range drive[[]ordered](t, outside, "orders", "-url", gateway, "-ca", certificate(t), "-n", "1", "-over", "connect", "-trace", trace) {
		if o.State != "CONFIRMED" {
			t.Fatalf("an order over %s is %q: %s", o.Protocol, o.State, o.Error)
		}
	}
	type span struct{ Service, Name string }
	var spans []span
	services, events := map[string]int{}, 0
	eventually(t, patience, func() error {
		spans = nil
		if err := json.Unmarshal([]byte(drive[[]answer](t, operator, "request", "-url", "http://otel.shop-data:4318/spans?trace="+trace)[0].Body), &spans); err != nil {
			return err
		}
		clear(services)
		mails, consumed := 0, 0
		for _, s := range spans {
			service, _, _ := strings.Cut(s.Service, ".") // a proxy's spans are those of its service
			services[service]++
			if s.Name == "send mail" {
				mails++
			}
			if strings.HasSuffix(s.Name, " event") {
				consumed++
			}
		}
		// The order leads to an event for inventory, payment and notification at least, and to one
		// mail. With order these are the four services that take part in each order; what another
		// one does with its events, such as a product's level in catalog, is no part of its way.
		missing := slices.DeleteFunc([]string{"ingress", "order", "inventory", "payment", "notification"}, func(name string) bool { return services[name] > 0 })
		if len(missing) > 0 || mails < 1 || consumed < 3 {
			return fmt.Errorf("the trace has spans of %v, %d of consumed events, %d of mails", services, consumed, mails)
		}
		events = consumed
		return nil
	})
	t.Logf("row 16: %d spans of %v in one trace, %d of them of events from Kafka, and the mails", len(spans), slices.Sorted(maps.Keys(services)), events)
}

// traced sets how many of a hundred calls the ingress traces, and waits until its proxies know.
func traced(t *testing.T, percent int) {
	t.Helper()
	kubectl(t, "-n", "shop-ingress", "patch", "telemetry", "shop", "--type=json",
		"-p", fmt.Sprintf(`[{"op": "replace", "path": "/spec/tracing/0/randomSamplingPercentage", "value": %d}]`, percent))
	for _, pod := range podsOf(t, "shop-ingress", "ingress") {
		eventually(t, patience, func() error {
			dump := proxy(t, "shop-ingress", pod, "config_dump?resource=dynamic_listeners")
			if found := sampling.FindStringSubmatch(dump); found == nil || found[1] != fmt.Sprint(percent) {
				return fmt.Errorf("the proxy %s samples %v of a hundred, want %d", pod, found, percent)
			}
			return nil
		})
	}
}

// sampling finds the share of traced calls in a proxy's configuration.
var sampling = regexp.MustCompile(`"random_sampling": \{\s*"value": (\d+)`)
