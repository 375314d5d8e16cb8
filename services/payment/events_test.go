package payment_test

import (
	"testing"

	"go.uber.org/fx"
	"google.golang.org/protobuf/proto"

	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/payment"
)

// Whatever the provider does, it charges once, and payment ends with its answer.
func TestEveryMethodOfTheSandboxEndsOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	type row struct {
		method   string
		status   paymentv1.PaymentStatus
		code     string
		attempts []paymentv1.AttemptOutcome
		order    order
	}
	const (
		yes     = paymentv1.AttemptOutcome_ATTEMPT_OUTCOME_SUCCEEDED
		no      = paymentv1.AttemptOutcome_ATTEMPT_OUTCOME_DECLINED
		unknown = paymentv1.AttemptOutcome_ATTEMPT_OUTCOME_UNKNOWN
	)
	rows := []row{
		{method: "sandbox_ok", status: paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED, attempts: []paymentv1.AttemptOutcome{yes}},
		{method: "sandbox_slow", status: paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED, attempts: []paymentv1.AttemptOutcome{yes}},
		{method: "sandbox_declined", status: paymentv1.PaymentStatus_PAYMENT_STATUS_FAILED, code: "card_declined", attempts: []paymentv1.AttemptOutcome{no}},
		{method: "cash", status: paymentv1.PaymentStatus_PAYMENT_STATUS_FAILED, code: "payment_method_unknown", attempts: []paymentv1.AttemptOutcome{no}},
		{method: "sandbox_unknown_then_ok", status: paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED, attempts: []paymentv1.AttemptOutcome{unknown, yes}},
		{method: "sandbox_unknown_then_declined", status: paymentv1.PaymentStatus_PAYMENT_STATUS_FAILED, code: "card_declined", attempts: []paymentv1.AttemptOutcome{unknown, no}},
	}
	var all []outbox.Event
	for i := range rows {
		rows[i].order = newOrder(rows[i].method)
		all = append(all, rows[i].order.awaits())
	}
	s.publish(all...)
	for _, row := range rows {
		p := s.waitStatus(row.order, row.status)
		if p.GetFailureCode() != row.code || len(p.GetAttempts()) != len(row.attempts) {
			t.Errorf("%s: ends with %v", row.method, p)
			continue
		}
		for i, attempt := range p.GetAttempts() {
			if attempt.GetOutcome() != row.attempts[i] || attempt.GetNumber() != int32(i+1) || len(attempt.GetTraceId()) != 32 {
				t.Errorf("%s: attempt %v", row.method, attempt)
			}
		}
		if count, _, _ := s.charges(row.order); count != 1 {
			t.Errorf("%s: the ledger holds %d charges", row.method, count)
		}
		if got := s.waitEvents(row.order, 1); len(got) != 1 {
			t.Errorf("%s: published %v", row.method, got)
		}
	}
}

func TestAnOrderThatAwaitsPaymentTwiceIsChargedOnceAndAnsweredTheSame(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := newOrder("sandbox_ok")
	s.publish(o.awaits(), o.awaits())
	first := s.waitEvents(o, 1)[0]
	s.publish(o.awaits(), newOrder("sandbox_declined").awaits(), o.awaits())
	// Two in one batch are answered once, two batches twice.
	second := s.waitEvents(o, 2)[1]
	if first.id != second.id || !proto.Equal(first.message, second.message) {
		t.Errorf("published %v, then %v", first, second)
	}
	if count, charged, _ := s.charges(o); count != 1 || charged != o.total.Amount {
		t.Errorf("%d charges of %d", count, charged)
	}
}

func TestAnOrderCancelledBeforeItAwaitsPaymentIsNeverCharged(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := newOrder("sandbox_ok")
	s.publish(o.cancelled())
	s.waitStatus(o, paymentv1.PaymentStatus_PAYMENT_STATUS_CANCELLED)
	s.publish(o.awaits())
	got := s.waitEvents(o, 2)
	for _, one := range got {
		failed, ok := one.message.(*paymentv1.PaymentFailed)
		if !ok || failed.GetFailureCode() != "order_cancelled" || one.id != got[0].id {
			t.Errorf("published %v", one)
		}
	}
	if count, _, _ := s.charges(o); count != 0 {
		t.Errorf("%d charges", count)
	}
}

func TestAnOrderCancelledInTheSameBatchIsNeverCharged(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o, other := newOrder("sandbox_ok"), newOrder("sandbox_ok")
	s.publish(o.awaits(), o.cancelled(), other.awaits())
	s.waitStatus(other, paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED)
	// The broker may deliver them apart; then the money is taken and given back.
	testkit.Eventually(t, "the order keeps no money", func() bool {
		p := s.get(o)
		_, charged, refunded := s.charges(o)
		return p.GetStatus() == paymentv1.PaymentStatus_PAYMENT_STATUS_CANCELLED && charged == 0 ||
			p.GetStatus() == paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED && charged == refunded
	})
}

func TestAnOrderCancelledWhileTheProviderIsCalledGetsItsMoneyBack(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"sandbox_slow", "sandbox_unknown_then_ok"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := newHarness(t, quick)
			o := newOrder(method)
			s.publish(o.awaits())
			testkit.Eventually(t, "the payment is there", func() bool {
				_, err := s.payments.GetPayment(t.Context(), &paymentv1.GetPaymentRequest{Id: o.payment.String()})
				return err == nil
			})
			s.publish(o.cancelled())
			p := s.waitStatus(o, paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED)
			if !proto.Equal(p.GetCaptured(), p.GetRefunded()) {
				t.Errorf("captured %v, refunded %v", p.GetCaptured(), p.GetRefunded())
			}
			got := s.waitEvents(o, 2)
			refunded, ok := got[len(got)-1].message.(*paymentv1.PaymentRefunded)
			if !ok || !proto.Equal(refunded.GetAmount(), p.GetAmount()) || !proto.Equal(refunded.GetRefunded(), p.GetAmount()) {
				t.Errorf("published %v", got)
			}
			if count, charged, given := s.charges(o); count != 1 || charged != given {
				t.Errorf("the ledger holds %d charges of %d, %d given back", count, charged, given)
			}
		})
	}
}

func TestACancelledOrderThatWasPaidIsRefundedOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	o := s.captured("sandbox_ok")
	s.publish(o.cancelled(), o.cancelled())
	s.waitStatus(o, paymentv1.PaymentStatus_PAYMENT_STATUS_REFUNDED)
	first := s.waitEvents(o, 2)
	s.publish(o.cancelled())
	// Again: captured and refunded, both as before.
	again := s.waitEvents(o, len(first)+2)
	ids := map[string]int{}
	for _, one := range again {
		ids[one.id]++
	}
	if len(ids) != 2 {
		t.Errorf("published %v", ids)
	}
	if _, charged, given := s.charges(o); charged != o.total.Amount || given != charged {
		t.Errorf("the ledger charged %d and gave back %d", charged, given)
	}
}

func TestAnEventThatCannotBeReadIsSetAsideAndOthersGoOn(t *testing.T) {
	t.Parallel()
	s := newHarness(t, quick)
	bad, good := newOrder("sandbox_ok"), newOrder("sandbox_ok")
	bad.total = money.Money{Currency: "EUR", Amount: -1}
	s.publish(bad.awaits(), good.awaits())
	s.waitStatus(good, paymentv1.PaymentStatus_PAYMENT_STATUS_CAPTURED)
	testkit.Eventually(t, "the bad event is a dead letter", func() bool {
		var dead int
		err := s.pool.QueryRow(t.Context(), "select count(*) from dead_letters where key = $1", bad.id).Scan(&dead)
		return err == nil && dead == 1
	})
}

func TestTheGraphIsComplete(t *testing.T) {
	t.Parallel()
	process := kitapp.Process{Name: payment.Name, Authenticator: testkit.Everyone(testkit.Owner()), Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Log: testkit.Log(t)}
	if err := fx.ValidateApp(kitapp.Graph(process), payment.Module(payment.Config{})); err != nil {
		t.Fatal(err)
	}
}
