package payment_test

import (
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Refunds that come to more than the limit need a recent proof of who requests them, also in
// many small parts; below it, anybody who may refund does.
func TestLargeRefundsNeedAProof(t *testing.T) {
	t.Parallel()
	staff := func(ago time.Duration) authz.Identity {
		member := testkit.Staff(optionsv1.Permission_PERMISSION_PAYMENTS_REFUND, optionsv1.Permission_PERMISSION_PAYMENTS_READ)
		member.AuthTime = time.Now().Add(-ago)
		return member
	}
	key := staff(0)
	key.APIKey, key.AuthTime, key.Methods = uuid.NewString(), time.Time{}, nil
	s := newHarness(t, `{"payment": {"providerTimeout": "5s", "retryAfter": "0.02s", "refundStepUpLimits": [{"currency": "EUR", "amount": 500}]}}`)
	o := s.captured("sandbox_ok") // 12.34 EUR
	refund := func(by authz.Identity, cents int64) error {
		s.callAs(by)
		_, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
			RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(cents),
		})
		return err
	}
	long := staff(11 * time.Minute)
	testkit.Refused(t, refund(long, 501), connect.CodePermissionDenied, "STEP_UP_REQUIRED")
	if err := refund(long, 300); err != nil {
		t.Errorf("a small one: %v", err)
	}
	if err := refund(key, 200); err != nil {
		t.Errorf("up to the limit, by an API key: %v", err)
	}
	testkit.Refused(t, refund(long, 1), connect.CodePermissionDenied, "STEP_UP_REQUIRED")
	testkit.Refused(t, refund(key, 1), connect.CodePermissionDenied, "PERMISSION_DENIED")
	if err := refund(staff(time.Minute), 1); err != nil {
		t.Errorf("with a proof: %v", err)
	}
	if err := refund(testkit.Owner(), 100); err != nil {
		t.Errorf("the owner with a proof: %v", err)
	}
	if _, _, refunded := s.charges(o); refunded != 601 {
		t.Errorf("%d cents were given back", refunded)
	}
}
