package payment_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

// erased has order publish that the order's person was erased.
func (o order) erased() outbox.Event {
	return o.event(9, &orderv1.OrderErased{OrderId: o.id.String(), Version: 9})
}

// Somebody typed a customer's name as the reason of a refund. After the erasure no
// table holds it, and whoever repeats the request gets the refund with a blank reason;
// so it is for a guest, whose address payment does not know, and another customer's stays.
// What is typed about an erased order later is not kept either.
func TestAnErasureBlanksTheReasonsOfRefunds(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	customer, guest, another := newOrder("sandbox_ok"), newOrder("sandbox_ok"), newOrder("sandbox_ok")
	customer.customer, another.customer = uuid.NewString(), uuid.NewString()
	requests := map[order]*paymentv1.RefundPaymentRequest{}
	for _, o := range []order{customer, guest, another} {
		s.publish(o.awaits())
		s.waitStatus(o, paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED)
		requests[o] = &paymentv1.RefundPaymentRequest{
			RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(100), Reason: "Ada Lovelace was ill",
		}
		if res, err := s.payments.RefundPayment(t.Context(), requests[o]); err != nil || res.GetRefund().GetReason() != "Ada Lovelace was ill" {
			t.Fatalf("%v, %v", res, err)
		}
	}
	s.publish(customer.erased(), guest.erased(), guest.erased())
	reason := func(o order) string {
		res, err := s.payments.RefundPayment(t.Context(), proto.CloneOf(requests[o]))
		if err != nil {
			t.Fatal(err)
		}
		return res.GetRefund().GetReason()
	}
	testkit.Eventually(t, "the reasons are blank", func() bool { return reason(customer) == "" && reason(guest) == "" })
	if got := reason(another); got != "Ada Lovelace was ill" {
		t.Errorf("another customer's refund has the reason %q", got)
	}
	late, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: guest.payment.String(), Amount: eur(1), Reason: "Lovelace once more",
	})
	if err != nil || late.GetRefund().GetReason() != "" {
		t.Errorf("a refund after the erasure: %v, %v", late, err)
	}
	other := proto.CloneOf(requests[another])
	other.Reason = "another reason"
	_, err = s.payments.RefundPayment(t.Context(), other)
	testkit.Refused(t, err, refusedReuse, "REQUEST_ID_REUSED")
	// Only the refund of the other customer holds the text, in whatever table.
	for query, want := range map[string]int{
		`select count(*) from refunds r where r::text like '%Lovelace%'`:                         1,
		`select count(*) from idempotency i where position('Lovelace'::bytea in i.request) > 0`:  0,
		`select count(*) from idempotency i where position('Lovelace'::bytea in i.response) > 0`: 0,
		`select count(*) from payments where customer_id is not null`:                            1,
	} {
		var got int
		if err := s.pool.QueryRow(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d rows, %v; want %d", query, got, err, want)
		}
	}
}

// The erasure of an order can come before payment knows the order: once it is applied,
// the order's payment still takes the money, but neither whose it is nor what is typed
// about it is kept.
func TestAnErasureBeforeThePaymentIsRemembered(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o, kept := newOrder("sandbox_ok"), newOrder("sandbox_ok")
	o.customer, kept.customer = uuid.NewString(), uuid.NewString()
	s.publish(o.erased())
	testkit.Eventually(t, "the erasure is applied", func() bool {
		var known bool
		err := s.pool.QueryRow(t.Context(), "select exists (select from erased_orders where order_id = $1)", o.id).Scan(&known)
		return err == nil && known
	})
	s.publish(o.awaits(), kept.awaits())
	for one, customer := range map[order]string{o: "", kept: kept.customer} {
		s.waitStatus(one, paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED)
		var whose string
		err := s.pool.QueryRow(t.Context(), "select coalesce(customer_id::text, '') from payments where order_id = $1", one.id).Scan(&whose)
		if err != nil || whose != customer {
			t.Errorf("the payment is of customer %q, %v; want %q", whose, err, customer)
		}
	}
	res, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(100), Reason: "Ada Lovelace was ill",
	})
	if err != nil || res.GetRefund().GetReason() != "" {
		t.Errorf("%v, %v", res, err)
	}
}

// contradictory has two contradictions reported about each of some orders, and returns
// them by order.
func (s cardHarness) contradictory(orders ...order) map[order][]*paymentv1.Contradiction {
	s.t.Helper()
	for _, o := range orders {
		if err := s.stripe.Authenticate(s.only(o).Intent, true); err != nil {
			s.t.Fatal(err)
		}
		all := s.eventsOf("payment_intent.succeeded")
		wrong := strings.Replace(string(all[len(all)-1]), `"amount":1234`, `"amount":1`, 1)
		for _, id := range []string{"first", "second"} {
			body := []byte(strings.Replace(wrong, `"id":"evt_`, `"id":"evt_`+id, 1))
			if status := s.post(body, sign(body)); status != http.StatusOK {
				s.t.Fatalf("answered %d", status)
			}
		}
	}
	byOrder := map[order][]*paymentv1.Contradiction{}
	for _, o := range orders {
		res, err := s.payments.ListContradictions(s.t.Context(), &paymentv1.ListContradictionsRequest{Filter: `payment_id = "` + o.payment.String() + `"`})
		if err != nil || len(res.GetContradictions()) != 2 {
			s.t.Fatalf("contradictions %v, %v", res, err)
		}
		byOrder[o] = res.GetContradictions()
	}
	return byOrder
}

// resolve notes what somebody typed about a contradiction, and returns what is kept of it.
func (s cardHarness) resolve(c *paymentv1.Contradiction, note string) string {
	s.t.Helper()
	res, err := s.payments.ResolveContradiction(s.t.Context(), &paymentv1.ResolveContradictionRequest{Id: c.GetId(), Note: note})
	if err != nil || res.GetContradiction().GetResolveTime() == nil || res.GetContradiction().GetResolver() != testkit.Owner().Key() {
		s.t.Fatalf("resolved %v, %v", res, err)
	}
	return res.GetContradiction().GetNote()
}

// Somebody typed a customer's name when they resolved a contradiction. After the erasure
// nothing holds it, what is typed later is not kept either, and who resolved it and when
// stays; a note about another order stays.
func TestAnErasureBlanksTheNotesOfContradictions(t *testing.T) {
	t.Parallel()
	s := newCardHarnessAt(t, calm, stripefake.Config{}, withoutEvents)
	s.lost()
	erased, another := s.pay("pm_card_threeDSecure2Required"), s.pay("pm_card_threeDSecure2Required")
	s.waitPending(erased, waitsForAction)
	s.waitPending(another, waitsForAction)
	found := s.contradictory(erased, another)
	const note = "Ada Lovelace called"
	for _, c := range []*paymentv1.Contradiction{found[erased][0], found[another][0]} {
		if got := s.resolve(c, note); got != note {
			t.Fatalf("the note is %q", got)
		}
	}
	s.publish(erased.erased())
	testkit.Eventually(t, "the note is blank", func() bool { return s.resolve(found[erased][0], "once more") == "" })
	if got := s.resolve(found[erased][1], note); got != "" {
		t.Errorf("after the erasure %q was kept", got)
	}
	for _, c := range found[another] {
		if got := s.resolve(c, note); got != note {
			t.Errorf("another order's note is %q", got)
		}
	}
	var kept int
	err := s.pool.QueryRow(t.Context(), `select count(*) from contradictions c where c::text like '%Lovelace%'`).Scan(&kept)
	if err != nil || kept != 2 {
		t.Errorf("%d rows hold the name, %v; want those of the other order", kept, err)
	}
}

// Somebody types a note at the very moment of the erasure: it waits for the erasure to end,
// and is not kept.
func TestANoteBesideAnErasureIsNotKept(t *testing.T) {
	t.Parallel()
	s := newCardHarnessAt(t, calm, stripefake.Config{}, withoutEvents)
	s.lost()
	o := s.pay("pm_card_threeDSecure2Required")
	s.waitPending(o, waitsForAction)
	open := s.contradictory(o)[o][0]

	conn, err := s.pool.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	erasure, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range []string{`select id from payments where order_id = $1 for update`, `insert into erased_orders (order_id) values ($1)`} {
		if _, err := erasure.Exec(t.Context(), statement, o.id); err != nil {
			t.Fatal(err)
		}
	}
	note := make(chan string, 1)
	go func() {
		res, err := s.payments.ResolveContradiction(t.Context(), &paymentv1.ResolveContradictionRequest{Id: open.GetId(), Note: "Ada Lovelace called"})
		if err != nil {
			note <- err.Error()
			return
		}
		note <- res.GetContradiction().GetNote()
	}()
	testkit.Eventually(t, "the note waits for the erasure", func() bool {
		var waits bool
		err := s.pool.QueryRow(t.Context(), `select exists (
			select from pg_locks l join pg_stat_activity a using (pid) where not l.granted and a.datname = current_database())`).Scan(&waits)
		return err == nil && waits
	})
	if err := erasure.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := <-note; got != "" {
		t.Errorf("kept %q", got)
	}
}
