package payment_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
)

// erase has customer publish that somebody's data is to be erased.
func (s *harness) erase(key uuid.UUID, message *customerv1.CustomerErased) {
	s.t.Helper()
	s.publish(outbox.Event{
		Topic: events.TopicCustomer, Key: key, Version: message.GetVersion(), Message: message, Time: time.Now(),
	})
}

// Somebody typed a customer's name as the reason of a refund. After the erasure no
// table holds it, and whoever repeats the request gets the refund with a blank reason;
// so it is for a guest, who is known by an e-mail address, and another customer's stays.
func TestAnErasureBlanksTheReasonsOfRefunds(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	customer, guest, another := newOrder("sandbox_ok"), newOrder("sandbox_ok"), newOrder("sandbox_ok")
	customer.customer, another.customer = uuid.NewString(), uuid.NewString()
	guest.guest = grammar.EmailID("Ada@Example.org").String()
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
	s.erase(uuid.MustParse(customer.customer), &customerv1.CustomerErased{CustomerId: customer.customer, Version: 2})
	s.erase(grammar.EmailID("ada@example.org"), &customerv1.CustomerErased{Email: "ada@example.org", Version: 1})
	reason := func(o order) string {
		res, err := s.payments.RefundPayment(t.Context(), proto.CloneOf(requests[o]))
		if err != nil {
			t.Fatal(err)
		}
		return res.GetRefund().GetReason()
	}
	testkit.Eventually(t, soon, "the reasons are blank", func() bool { return reason(customer) == "" && reason(guest) == "" })
	if got := reason(another); got != "Ada Lovelace was ill" {
		t.Errorf("another customer's refund has the reason %q", got)
	}
	other := proto.CloneOf(requests[another])
	other.Reason = "another reason"
	_, err := s.payments.RefundPayment(t.Context(), other)
	testkit.Refused(t, err, refusedReuse, "REQUEST_ID_REUSED")
	// Only the refund of the other customer holds the text, in whatever table.
	for query, want := range map[string]int{
		`select count(*) from refunds r where r::text like '%Lovelace%'`:                         1,
		`select count(*) from idempotency i where position('Lovelace'::bytea in i.request) > 0`:  0,
		`select count(*) from idempotency i where position('Lovelace'::bytea in i.response) > 0`: 0,
		`select count(*) from payments where customer_id is not null or guest_key is not null`:   1,
	} {
		var got int
		if err := s.pool.QueryRow(t.Context(), query).Scan(&got); err != nil || got != want {
			t.Errorf("%s: %d rows, %v; want %d", query, got, err, want)
		}
	}
}
