package payment_test

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
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
