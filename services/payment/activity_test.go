package payment_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Who gives money back is in the activity log, once, of the payment and of the refund; not
// what was typed as the reason. What the provider answers is nobody's doing.
func TestRefundsAreRecorded(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	log := testkit.NewEvents(t, s.config.Context.Kafka, kitapp.ActivityTopic("payment").Name)
	o := s.captured("sandbox_ok")
	request := &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(100), Reason: "Ada was ill"}
	res, err := s.payments.RefundPayment(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.payments.RefundPayment(t.Context(), request); err != nil {
		t.Fatal(err) // again
	}
	request.RequestId = uuid.NewString()
	if _, err := s.payments.RefundPayment(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	entries := testkit.Recorded(t, log, 4)
	const rpc = "shopmesh.payment.v1.PaymentService/RefundPayment "
	if got := testkit.Described(entries[0]); !strings.HasPrefix(got, rpc+"payments/"+o.payment.String()+":") {
		t.Errorf("the payment is recorded as %s", got)
	}
	got := testkit.Described(entries[1])
	if !strings.HasPrefix(got, rpc+"refunds/"+res.GetRefund().GetId()+":") || !strings.Contains(got, `amount=→{"currency_code":"EUR","units":"1"}`) ||
		!strings.Contains(got, "reason=(redacted)") || strings.Contains(got, "Ada") {
		t.Errorf("the refund is recorded as %s", got)
	}
	if len(entries) != 4 || entries[3].GetResource() == entries[1].GetResource() {
		t.Errorf("%d entries", len(entries))
	}
}
