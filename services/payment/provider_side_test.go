package payment_test

import (
	"strings"
	"testing"

	"github.com/google/uuid"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

const partiallyRefunded = paymentv1.PaymentStatus_PAYMENT_STATUS_PARTIALLY_REFUNDED

const (
	byRequest  = paymentv1.RefundOrigin_REFUND_ORIGIN_REQUEST
	byOrder    = paymentv1.RefundOrigin_REFUND_ORIGIN_ORDER_CANCELLED
	byProvider = paymentv1.RefundOrigin_REFUND_ORIGIN_PROVIDER
)

// refundElsewhere refunds a part of an order's 12.34 EUR at Stripe's dashboard.
func (s cardHarness) refundElsewhere(o order, amount int64) {
	s.t.Helper()
	if err := s.stripe.RefundElsewhere(s.only(o).Intent, amount); err != nil {
		s.t.Fatal(err)
	}
}

// Money that somebody gave back at Stripe's dashboard is a refund in the books: of
// 12.34 EUR, 5 there and 2 here, the cancelled order gives back the other 5.34.
func TestARefundAtTheDashboardReachesTheBooks(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_visa")
	s.waitStatus(o, captured)
	s.refundElsewhere(o, 500)
	s.waitStatus(o, partiallyRefunded)
	given, ok := s.waitEvents(o, 2)[1].message.(*paymentv1.PaymentRefunded)
	if !ok || given.GetOrigin() != byProvider || given.GetRefunded().GetUnits() != 5 || given.GetReason() != "" {
		t.Errorf("published %v", given)
	}
	_, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(1000)})
	testkit.Refused(t, err, refusedPrecondition, "REFUND_TOO_LARGE")
	if _, err := s.payments.RefundPayment(t.Context(), &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: o.payment.String(), Amount: eur(200),
	}); err != nil {
		t.Fatal(err)
	}
	s.publish(o.cancelled())
	s.waitStatus(o, refunded)
	for i, want := range []paymentv1.RefundOrigin{byProvider, byRequest, byOrder} {
		if r := s.refunds(o)[i]; r.GetOrigin() != want || r.GetStatus() != paymentv1.RefundStatus_REFUND_STATUS_SUCCEEDED || r.GetProviderRefundId() == "" {
			t.Errorf("refund %d: %v", i, r)
		}
	}
	if in := s.only(o); in.Refunded != 1234 {
		t.Errorf("at Stripe %+v", in)
	}
	if a := s.audit(t); len(a.findings) != 0 || len(s.contradictions()) != 0 {
		t.Errorf("the audit finds %v; contradictions %v", a.findings, s.contradictions())
	}
}

// All of it given back at the dashboard: nothing is left, and the cancelled order
// requests nothing more.
func TestAFullRefundAtTheDashboardLeavesNothingToRefund(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_visa")
	s.waitStatus(o, captured)
	s.refundElsewhere(o, 1234)
	s.waitStatus(o, refunded)
	s.publish(o.cancelled())
	s.waitEvents(o, 3) // the refund is republished for the cancelled order
	if n := s.stripe.Requests("POST /v1/refunds"); n != 0 || len(s.refunds(o)) != 1 {
		t.Errorf("%d refunds were requested; the books hold %v", n, s.refunds(o))
	}
}

// No notice came of a refund at the dashboard, so that the cancelled order requests
// too much. The refusal is final and not repeated; what was given back elsewhere is
// found, and what is left is given back.
func TestARefusedRefundFindsWhatWasGivenBackElsewhere(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	s.lost()
	part, all := s.pay("pm_card_visa"), s.pay("pm_card_visa")
	s.waitStatus(part, captured)
	s.waitStatus(all, captured)
	s.refundElsewhere(part, 500)
	s.refundElsewhere(all, 1234)
	s.publish(part.cancelled(), all.cancelled())
	s.waitStatus(part, refunded)
	s.waitStatus(all, refunded)
	requested := s.stripe.Requests("POST /v1/refunds")
	s.publish(part.cancelled(), all.cancelled()) // order publishes again
	s.waitEvents(part, 5)
	if n := s.stripe.Requests("POST /v1/refunds"); n != 3 || n != requested {
		t.Errorf("%d refunds were requested, then %d; want 3: all, what was left, and all of the other", requested, n)
	}
	failedRefund := s.refunds(all)[0]
	if failedRefund.GetStatus() != paymentv1.RefundStatus_REFUND_STATUS_FAILED || failedRefund.GetFailureCode() != "charge_already_refunded" {
		t.Errorf("the refused refund is %v", failedRefund)
	}
	if a := s.audit(t); len(a.findings) != 0 {
		t.Errorf("the audit finds %v", a.findings)
	}
}

// A bank disputes a payment: it is shown, published once for each change, and an
// operator sees it until it is answered. What the bank took back is not given back again.
func TestADisputeIsRecordedPublishedAndAnAlert(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{Webhooks: stripefake.Webhooks{Twice: 1}})
	o := s.pay("pm_card_visa")
	s.waitStatus(o, captured)
	id, err := s.stripe.Dispute(s.only(o).Intent, 1234, "fraudulent")
	if err != nil {
		t.Fatal(err)
	}
	opened, ok := s.waitNews(o, 2)[1].message.(*paymentv1.PaymentDisputed)
	if d := opened.GetDispute(); !ok || d.GetId() != id || d.GetReason() != "fraudulent" || d.GetAmount().GetUnits() != 12 || d.GetCloseTime() != nil ||
		d.GetStatus() != paymentv1.DisputeStatus_DISPUTE_STATUS_NEEDS_RESPONSE || opened.GetVersion() != 3 {
		t.Errorf("published %v", opened)
	}
	if c := s.condition(); !strings.Contains(c, "1 disputes of payments wait for the shop's answer") {
		t.Errorf("the status shows %q", c)
	}
	if err := s.stripe.SetDispute(id, "lost"); err != nil {
		t.Fatal(err)
	}
	lost, ok := s.waitNews(o, 3)[2].message.(*paymentv1.PaymentDisputed)
	if !ok || lost.GetDispute().GetStatus() != paymentv1.DisputeStatus_DISPUTE_STATUS_LOST || lost.GetDispute().GetCloseTime() == nil || lost.GetVersion() != 4 {
		t.Errorf("published %v", lost)
	}
	if shown := s.get(o).GetDisputes(); len(shown) != 1 || shown[0].GetStatus() != paymentv1.DisputeStatus_DISPUTE_STATUS_LOST {
		t.Errorf("the payment shows %v", shown)
	}
	testkit.Eventually(t, "nothing waits for an answer", func() bool { return s.condition() == "" })
	for range 2 {
		published := len(s.eventsOfOrder(o))
		s.publish(o.cancelled())
		s.waitEvents(o, published+1)
	}
	if a := s.audit(t); len(a.findings) != 0 || len(s.refunds(o)) != 0 || s.stripe.Requests("POST /v1/refunds") != 0 {
		t.Errorf("the audit finds %v; refunds %v, %d requested", a.findings, s.refunds(o), s.stripe.Requests("POST /v1/refunds"))
	}
	testkit.Eventually(t, "all events were taken", func() bool { return s.stripe.Unsent() == 0 })
	if all := news(s.eventsOfOrder(o)); len(all) != 3 || len(s.contradictions()) != 0 {
		t.Errorf("%d events: %v; contradictions %v", len(all), all, s.contradictions())
	}
}
