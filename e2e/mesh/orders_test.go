//go:build mesh

package mesh

import (
	"encoding/base64"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
)

// ordered is what became of an order of the driver.
type ordered struct {
	Protocol, Number, Email, State, Error string
	Millis                                int64
	Seen                                  time.Time
}

// mail is one of the inbox.
type mail struct {
	To, Subject string
	Received    time.Time
}

// gateway is the way in, as clients in the cluster reach it.
const gateway = "https://ingress.shop-ingress.svc.cluster.local"

// certificate is the ingress's, which signs itself, as PEM.
func certificate(t *testing.T) string {
	t.Helper()
	text, err := base64.StdEncoding.DecodeString(kubectl(t, "-n", "shop-ingress", "get", "secret", "shop-tls", "-o", `jsonpath={.data.tls\.crt}`))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stock gives the product that the driver orders enough for a row, at inventory's internal
// port, as operators do. The demo has made it.
func stock(t *testing.T) {
	t.Helper()
	body := fmt.Sprintf(`{"requestId": %q, "productCode": "KI-MUG-INK", "delta": "100000", "reason": "delivery"}`, uuid.NewString())
	got := drive[[]answer](t, operator, "request", "-method", "POST", "-url", "http://inventory:9090/shopmesh.inventory.v1.InventoryService/AdjustStock",
		"-header", "Content-Type: application/json", "-header", "Authorization: Bearer "+operatorToken(t), "-body", body)[0]
	if got.Status != 200 {
		t.Fatalf("stock: %+v", got)
	}
}

// answer is what one HTTP request of the driver got.
type answer struct {
	Status      int
	Header      map[string]string
	Body, Error string
}

// Row 2: an order goes its way over each protocol, by TLS, with PostgreSQL and Kafka behind
// STRICT mTLS.
func TestRow02OrdersWay(t *testing.T) {
	stock(t)
	const each = 25
	orders := drive[[]ordered](t, outside, "orders", "-url", gateway, "-ca", certificate(t), "-n", fmt.Sprint(each))
	if len(orders) != 4*each {
		t.Errorf("%d orders were placed, want %d", len(orders), 4*each)
	}
	confirmed := map[string]int{}
	var slowest int64
	for _, o := range orders {
		if o.State != "CONFIRMED" {
			t.Errorf("an order over %s is %q: %s", o.Protocol, o.State, o.Error)
			continue
		}
		confirmed[o.Protocol]++
		slowest = max(slowest, o.Millis)
	}
	audit(t) // waits until nothing is under way
	mails := map[string][]time.Time{}
	for _, m := range drive[[]mail](t, operator, "mails", "-url", inbox) { // all that the shop ever sent
		mails[m.To+" "+m.Subject] = append(mails[m.To+" "+m.Subject], m.Received)
	}
	var mailed time.Duration
	for _, o := range orders {
		received := mails[o.Email+" Order "+o.Number+" confirmed"]
		if len(received) != 1 {
			t.Errorf("%d mails confirm order %s", len(received), o.Number)
			continue
		}
		mailed = max(mailed, received[0].Sub(o.Seen))
	}
	if mailed > 5*time.Second {
		t.Errorf("a mail came %v after its order was seen confirmed, want 5 s at most", mailed)
	}
	t.Logf("row 2: %v of %d each confirmed, the slowest after %d ms; a mail each, the last one %v after its order was seen confirmed", confirmed, each, slowest, mailed.Round(time.Millisecond))
}
