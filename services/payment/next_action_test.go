package payment_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

const (
	refusedPrecondition = connect.CodeFailedPrecondition
	refusedReuse        = connect.CodeAlreadyExists
)

// withReturn are calm settings of a shop with a page to return to.
const withReturn = `{"payment": {"providerTimeout": "300s", "retryAfter": "3600s", "returnUrl": "https://shop.example/paid"}}`

// waitPending waits until an order's payment waits for something.
func (s cardHarness) waitPending(o order, reason paymentv1.PendingReason) *paymentv1.Payment {
	s.t.Helper()
	var last *paymentv1.Payment
	testkit.Eventually(s.t, "the payment waits for "+reason.String(), func() bool {
		res, err := s.payments.GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
		last = res.GetPayment()
		return err == nil && last.GetPendingReason() == reason
	})
	return last
}

const (
	waitsForAction = paymentv1.PendingReason_PENDING_REASON_ACTION
	waitsForBank   = paymentv1.PendingReason_PENDING_REASON_BANK
)

// A bank wants the customer to act: the payment shows what to do, to the customer and
// the shop's owner and to nobody else, and nowhere but in GetPayment.
func TestTheNextActionIsShownToTheOrdersCustomerAlone(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, withReturn, stripefake.Config{})
	check, page := newOrder("pm_card_threeDSecure2Required"), newOrder("pm_ideal")
	check.customer, page.customer = uuid.NewString(), uuid.NewString()
	s.publish(check.awaits(), page.awaits())
	s.waitPending(page, waitsForAction)
	secret := s.waitPending(check, waitsForAction).GetNextAction().GetClientSecret()
	if want := s.only(check).Intent + "_secret_fake"; secret != want {
		t.Errorf("the owner sees the client secret %q, want %q", secret, want)
	}
	staff := authz.Identity{Kind: authz.Staff, ID: "s", Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_PAYMENTS_READ}}
	for name, caller := range map[string]authz.Identity{"staff": staff, "a service": {Kind: authz.Service, ID: "order"}} {
		s.callAs(caller)
		if got := s.get(check); got.GetNextAction() != nil || got.GetPendingReason() != waitsForAction {
			t.Errorf("%s sees %v", name, got.GetNextAction())
		}
		list, err := s.payments.ListPayments(t.Context(), &paymentv1.ListPaymentsRequest{})
		if err != nil || len(list.GetPayments()) != 2 || strings.Contains(list.String(), "secret") || list.GetPayments()[0].GetNextAction() != nil {
			t.Errorf("%s lists %v, %v", name, list, err)
		}
	}
	s.callAs(testkit.ServiceCaller("order")) // which decides who may see it
	for o, want := range map[order]string{check: secret, page: "https://bank.invalid/"} {
		res, err := s.payments.GetNextAction(t.Context(), &paymentv1.GetNextActionRequest{PaymentId: o.payment.String()})
		if got := res.GetNextAction().GetClientSecret() + res.GetNextAction().GetRedirectUrl(); err != nil || !strings.HasPrefix(got, want) {
			t.Errorf("order reads %q, %v, want %q", got, err, want)
		}
	}
	_, err := s.payments.GetNextAction(t.Context(), &paymentv1.GetNextActionRequest{PaymentId: check.id.String()})
	testkit.Refused(t, err, connect.CodeNotFound, "PAYMENT_NOT_FOUND")
	s.callAs(authz.Identity{Kind: authz.Customer, ID: page.customer})
	if got := s.get(page).GetNextAction().GetRedirectUrl(); !strings.HasPrefix(got, "https://bank.invalid/") {
		t.Errorf("the customer is sent to %q", got)
	}
	_, err = s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: check.payment.String()})
	another := testkit.Refused(t, err, connect.CodeNotFound, "PAYMENT_NOT_FOUND")
	_, err = s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: check.id.String()})
	missing := testkit.Refused(t, err, connect.CodeNotFound, "PAYMENT_NOT_FOUND")
	if strings.Replace(another.Message, check.payment.String(), "", 1) != strings.Replace(missing.Message, check.id.String(), "", 1) {
		t.Errorf("another's payment is refused with %q, a missing one with %q", another.Message, missing.Message)
	}
	s.callAs(testkit.Owner())
	res, err := testkit.HTTP(t, testkit.Owner()).Get(s.API + "/v1/payments") //nolint:noctx // a test
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	list, err := s.payments.ListPayments(t.Context(), &paymentv1.ListPaymentsRequest{})
	if err != nil || list.GetPayments()[0].GetNextAction() != nil || list.GetPayments()[1].GetNextAction() != nil {
		t.Errorf("the owner lists %v, %v", list, err)
	}
	var stored int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from payments p where p::text like '%secret%' or p::text like '%bank.invalid%'`).Scan(&stored); err != nil || stored != 0 {
		t.Errorf("%d payments keep what only the customer may see, %v", stored, err)
	}
	for _, e := range append(s.eventsOfOrder(check), s.eventsOfOrder(page)...) {
		if strings.Contains(e.message.(interface{ String() string }).String(), "secret") {
			t.Errorf("published %v", e.message)
		}
	}
}

// That the customer has to act is published once, and again when order publishes again;
// after the check the payment is captured.
func TestThatTheCustomerHasToActIsPublishedOnce(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_card_threeDSecure2Required")
	s.waitPending(o, waitsForAction)
	testkit.Eventually(t, "it was polled", func() bool { return s.get(o).GetPollCount() >= 3 })
	first := s.waitEvents(o, 1)[0]
	s.publish(o.awaits())
	again := s.waitEvents(o, 2)[1]
	if e, ok := first.message.(*paymentv1.PaymentActionRequired); !ok || e.GetVersion() != 1 || e.GetTime() == nil || first.id != again.id {
		t.Errorf("published %v, then %v", first, again)
	}
	if err := s.stripe.Authenticate(s.only(o).Intent, true); err != nil {
		t.Fatal(err)
	}
	p := s.waitStatus(o, captured)
	if p.GetPendingReason() != paymentv1.PendingReason_PENDING_REASON_UNSPECIFIED || p.GetNextAction() != nil || len(s.waitEvents(o, 3)) != 3 {
		t.Errorf("it ends at %v, published %v", p, s.eventsOfOrder(o))
	}
}

// A customer who never comes back: the order expires and is cancelled, and with it the
// PaymentIntent, which nobody can pay any more.
func TestAnAbandonedCheckExpiresAsUnpaid(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, calm, stripefake.Config{})
	o := s.pay("pm_card_threeDSecure2Required")
	s.waitPending(o, waitsForAction)
	s.publish(o.cancelled())
	if p := s.waitStatus(o, cancelled); p.GetFailureCode() != "order_cancelled" || p.GetCaptured().GetUnits() != 0 || p.GetNextAction() != nil {
		t.Errorf("it ends at %v", p)
	}
	if in := s.only(o); in.Status != "canceled" || in.Charges != 0 {
		t.Errorf("at Stripe %+v", in)
	}
	if err := s.stripe.Authenticate(s.only(o).Intent, true); err == nil {
		t.Error("it could still be paid")
	}
	if _, ok := s.waitEvents(o, 2)[1].message.(*paymentv1.PaymentFailed); !ok {
		t.Errorf("published %v", s.eventsOfOrder(o))
	}
}

// A bank takes days for a debit: that is published once, and polls without news are
// counted, not listed.
func TestADebitIsPolledWithoutAListOfPolls(t *testing.T) {
	t.Parallel()
	s := newCardHarness(t, quick, stripefake.Config{})
	o := s.pay("pm_usBankAccount_success")
	s.waitPending(o, waitsForBank)
	testkit.Eventually(t, "it was polled", func() bool { return s.get(o).GetPollCount() >= 3 })
	if p := s.get(o); len(p.GetAttempts()) != 1 || p.GetPollTime() == nil || p.GetNextAction() != nil {
		t.Errorf("it stands at %v", p)
	}
	s.stripe.Advance()
	p := s.waitStatus(o, captured)
	if len(p.GetAttempts()) != 2 {
		t.Errorf("attempts %v", p.GetAttempts())
	}
	all := s.waitEvents(o, 2)
	processing, ok := all[0].message.(*paymentv1.PaymentProcessing)
	if _, last := all[1].message.(*paymentv1.PaymentCaptured); !ok || !last || len(all) != 2 || processing.GetMethod() != "pm_usBankAccount_success" {
		t.Errorf("published %v", all)
	}
}
