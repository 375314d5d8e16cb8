package payment_test

import (
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// claimed has order publish that a customer claimed the order.
func (o order) claimed(customer string) outbox.Event {
	return o.event(5, &orderv1.OrderClaimed{OrderId: o.id.String(), Version: 5, CustomerId: customer})
}

// The payment of a guest's order becomes that of the customer who claims the order: they read
// it, and staff finds it by them. That of an erased order stays nobody's, and an event that
// comes again, or before there is a payment, is no error.
func TestThePaymentOfAClaimedOrderIsTheCustomers(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	customer := uuid.NewString()
	o, erased, guest := s.captured("sandbox_ok"), s.captured("sandbox_ok"), s.captured("sandbox_ok")
	late := newOrder("sandbox_ok") // claimed before its payment is requested, which names the customer
	late.customer = customer
	s.publish(erased.erased())
	s.publish(late.claimed(customer), late.awaits(), o.claimed(customer), o.claimed(customer), erased.claimed(customer))
	testkit.Eventually(t, "staff finds two payments of the customer", func() bool {
		res, err := s.payments.ListPayments(t.Context(), &paymentv1.ListPaymentsRequest{Filter: `customer_id = "` + customer + `"`})
		if err != nil {
			t.Fatal(err)
		}
		return len(res.GetPayments()) == 2
	})
	s.callAs(testkit.Customer(customer))
	s.get(o)
	s.get(late)
	for name, other := range map[string]order{"an erased order's": erased, "a guest's": guest} {
		_, err := s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: other.payment.String()})
		if err == nil {
			t.Errorf("%s payment is the customer's", name)
			continue
		}
		testkit.Refused(t, err, connect.CodeNotFound, "PAYMENT_NOT_FOUND")
	}
}
