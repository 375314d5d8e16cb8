//go:build mesh

package mesh

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// Row 16: one trace holds an order's way: the ingress, the services, what goes by Kafka, and
// the mail.
func TestRow16Trace(t *testing.T) {
	stock(t)
	id := make([]byte, 16)
	_, _ = rand.Read(id)
	trace := hex.EncodeToString(id)
	for _, o := range drive[[]ordered](t, outside, "orders", "-url", gateway, "-ca", certificate(t), "-n", "1", "-trace", trace) {
		if o.State != "CONFIRMED" {
			t.Fatalf("an order over %s is %q: %s", o.Protocol, o.State, o.Error)
		}
	}
	type span struct{ Service, Name string }
	var spans []span
	services := map[string]int{}
	eventually(t, patience, func() error {
		spans = nil
		if err := json.Unmarshal([]byte(drive[[]answer](t, operator, "request", "-url", "http://otel.shop-data:4318/spans?trace="+trace)[0].Body), &spans); err != nil {
			return err
		}
		clear(services)
		mail := false
		for _, s := range spans {
			services[s.Service]++
			mail = mail || strings.Contains(strings.ToLower(s.Name), "mail") || strings.Contains(s.Name, "smtp")
		}
		if len(services) < 5 || !mail {
			return fmt.Errorf("the trace has spans of %v; of a mail: %t", services, mail)
		}
		return nil
	})
	t.Logf("row 16: %d spans of %v in one trace", len(spans), slices.Sorted(maps.Keys(services)))
}
