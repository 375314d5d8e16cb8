package domain_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// Every row of the table of events, for an order in each state.
func TestEachEventInEachState(t *testing.T) {
	t.Parallel()
	refund := uuid.New()
	states := map[string]func(t *testing.T) *domain.Order{
		"PLACED":           func(t *testing.T) *domain.Order { t.Helper(); return newOrder(t) },
		"AWAITING_PAYMENT": reserved,
		"CONFIRMED":        confirmed,
		"COMMITTED": func(t *testing.T) *domain.Order {
			t.Helper()
			o := confirmed(t)
			apply(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID()))
			return o
		},
		"CANCELLED unreserved": func(t *testing.T) *domain.Order { t.Helper(); return cancelledFrom(t, newOrder(t)) },
		"CANCELLED unpaid":     func(t *testing.T) *domain.Order { t.Helper(); return cancelledFrom(t, reserved(t)) },
		"CANCELLED paid":       func(t *testing.T) *domain.Order { t.Helper(); return cancelledFrom(t, confirmed(t)) },
	}
	for _, row := range []struct {
		state   string
		inbound func(*domain.Order) domain.InboundEvent
		want    domain.State
		reason  domain.CancelReason
		events  []domain.EventKind
		awaits  string
	}{
		{"PLACED", plain(domain.StockReserved{}), domain.AwaitingPayment, 0, events(domain.AwaitingPaymentEvent), "PAYMENT"},
		{"PLACED", plain(domain.StockRejected{}), domain.Cancelled, domain.OutOfStock, events(domain.CancelledEvent), "RELEASE CANCELLATION_MAIL"},
		{"PLACED", captured, domain.Placed, 0, nil, "STOCK"},
		{"PLACED", failed, domain.Placed, 0, nil, "STOCK"},
		{"PLACED", plain(domain.StockReleased{}), domain.Placed, 0, nil, "STOCK"},
		{"AWAITING_PAYMENT", plain(domain.StockReserved{}), domain.AwaitingPayment, 0, nil, "PAYMENT"},
		{"AWAITING_PAYMENT", plain(domain.StockRejected{}), domain.AwaitingPayment, 0, nil, "PAYMENT"},
		{"AWAITING_PAYMENT", captured, domain.Confirmed, 0, events(domain.ConfirmedEvent), "COMMIT CONFIRMATION_MAIL"},
		{"AWAITING_PAYMENT", failed, domain.Cancelled, domain.PaymentDeclined, events(domain.CancelledEvent), "RELEASE CANCELLATION_MAIL"},
		{"AWAITING_PAYMENT", func(o *domain.Order) domain.InboundEvent { return refunded(o, refund, 100, 100) }, domain.Confirmed, 0, events(domain.ConfirmedEvent, domain.RefundedEvent), "COMMIT CONFIRMATION_MAIL REFUND_MAIL"},
		{"CONFIRMED", captured, domain.Confirmed, 0, nil, "COMMIT CONFIRMATION_MAIL"},
		{"CONFIRMED", failed, domain.Confirmed, 0, nil, "COMMIT CONFIRMATION_MAIL"},
		{"CONFIRMED", plain(domain.StockReserved{}), domain.Confirmed, 0, events(domain.ConfirmedEvent), "COMMIT CONFIRMATION_MAIL"},
		{"CONFIRMED", plain(domain.StockCommitted{}), domain.Confirmed, 0, nil, "CONFIRMATION_MAIL"},
		{"COMMITTED", plain(domain.StockReserved{}), domain.Confirmed, 0, nil, ""},
		{"COMMITTED", func(o *domain.Order) domain.InboundEvent { return refunded(o, refund, 100, 100) }, domain.Confirmed, 0, events(domain.RefundedEvent), "REFUND_MAIL"},
		{"CANCELLED unreserved", plain(domain.StockReserved{}), domain.Cancelled, domain.Requested, events(domain.CancelledEvent), "RELEASE CANCELLATION_MAIL"},
		{"CANCELLED unreserved", plain(domain.StockRejected{}), domain.Cancelled, domain.Requested, nil, "RELEASE CANCELLATION_MAIL"},
		{"CANCELLED unreserved", plain(domain.StockReleased{}), domain.Cancelled, domain.Requested, nil, "CANCELLATION_MAIL"},
		{"CANCELLED unreserved", func(o *domain.Order) domain.InboundEvent { return mail(domain.CancellationMail, o.ID()) }, domain.Cancelled, domain.Requested, nil, "RELEASE"},
		{"CANCELLED unpaid", failed, domain.Cancelled, domain.Requested, nil, "RELEASE CANCELLATION_MAIL"},
		{"CANCELLED unpaid", captured, domain.Cancelled, domain.Requested, events(domain.CancelledEvent), "RELEASE REFUND CANCELLATION_MAIL"},
		{"CANCELLED unpaid", func(o *domain.Order) domain.InboundEvent { return refunded(o, refund, 1250, 1250) }, domain.Cancelled, domain.Requested, events(domain.RefundedEvent), "RELEASE CANCELLATION_MAIL REFUND_MAIL"},
		{"CANCELLED paid", captured, domain.Cancelled, domain.Requested, nil, "RELEASE REFUND CANCELLATION_MAIL"},
		{"CANCELLED paid", plain(domain.StockCommitted{}), domain.Cancelled, domain.Requested, nil, "RELEASE REFUND CANCELLATION_MAIL"},
		{"CANCELLED paid", func(o *domain.Order) domain.InboundEvent { return refunded(o, refund, 250, 250) }, domain.Cancelled, domain.Requested, events(domain.RefundedEvent), "RELEASE REFUND CANCELLATION_MAIL REFUND_MAIL"},
	} {
		o := states[row.state](t)
		t.Run(fmt.Sprintf("%s/%T", row.state, row.inbound(o)), func(t *testing.T) {
			t.Parallel()
			c := apply(t, o, row.inbound(o))
			if o.Snapshot().State != row.want || o.Snapshot().CancelReason != row.reason {
				t.Errorf("came to %s %s, want %s %s", o.Snapshot().State, o.Snapshot().CancelReason, row.want, row.reason)
			}
			wantPublished(t, c, row.events...)
			awaitsOnly(t, o, strings.Fields(row.awaits)...)
			// Once more changes nothing that a reader sees.
			version := o.Snapshot().Version
			if again := apply(t, o, row.inbound(o)); o.Snapshot().Version != version || len(again.History) > 0 || o.Snapshot().State != row.want {
				t.Errorf("applied again: version %d after %d, %v", o.Snapshot().Version, version, again.History)
			}
		})
	}
}

func plain(inbound domain.InboundEvent) func(*domain.Order) domain.InboundEvent {
	return func(*domain.Order) domain.InboundEvent { return inbound }
}

func events(kinds ...domain.EventKind) []domain.EventKind { return kinds }

func reserved(t *testing.T) *domain.Order {
	t.Helper()
	o := newOrder(t)
	apply(t, o, domain.StockReserved{})
	return o
}

func confirmed(t *testing.T) *domain.Order {
	t.Helper()
	o := reserved(t)
	apply(t, o, captured(o))
	return o
}

func cancelledFrom(t *testing.T, o *domain.Order) *domain.Order {
	t.Helper()
	if _, err := o.Cancel("changed my mind", retry, at(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestMovesThatTheStateForbidsChangeNothing(t *testing.T) {
	t.Parallel()
	shipped := confirmed(t)
	if _, err := shipped.Ship(uuid.New(), domain.Dispatch{}, retry, at(0)); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"ship before it is paid":    func() error { _, err := reserved(t).Ship(uuid.New(), domain.Dispatch{}, retry, at(0)); return err },
		"deliver before it is sent": func() error { _, err := confirmed(t).Deliver(at(0)); return err },
		"cancel after it was sent":  func() error { _, err := shipped.Cancel("", retry, at(0)); return err },
		"ship twice":                func() error { _, err := shipped.Ship(uuid.New(), domain.Dispatch{}, retry, at(0)); return err },
		"cancel twice":              func() error { _, err := cancelledFrom(t, newOrder(t)).Cancel("", retry, at(0)); return err },
	} {
		err := try()
		refused, ok := fault.Of(err)
		if !ok || refused.Kind() != fault.FailedPrecondition || refused.Reason() != domain.ReasonOrderState || refused.Metadata()["state"] == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What contradicts the order is set aside for an operator, never applied.
func TestAnEventThatContradictsTheOrderIsAnError(t *testing.T) {
	t.Parallel()
	o := reserved(t)
	for name, row := range map[string]struct {
		inbound domain.InboundEvent
		want    error
	}{
		"another payment captured": {domain.PaymentCaptured{PaymentID: uuid.New(), Amount: o.Snapshot().Total}, domain.ErrForeignPayment},
		"another payment failed":   {domain.PaymentFailed{PaymentID: uuid.New()}, domain.ErrForeignPayment},
		"less captured":            {domain.PaymentCaptured{PaymentID: o.Snapshot().PaymentID, Amount: euros(1)}, domain.ErrAmount},
		"other currency captured":  {domain.PaymentCaptured{PaymentID: o.Snapshot().PaymentID, Amount: money.Money{Currency: "USD", Amount: o.Snapshot().Total.Amount}}, domain.ErrAmount},
		"refund over capture":      {refunded(o, uuid.New(), 2000, 2000), domain.ErrAmount},
	} {
		if _, err := o.Apply(row.inbound, policy(), at(0)); !errors.Is(err, row.want) {
			t.Errorf("%s: %v, want %v", name, err, row.want)
		}
	}
	unpaid := newOrder(t)
	if _, err := unpaid.Apply(refunded(unpaid, uuid.New(), 1, 1), policy(), at(0)); !errors.Is(err, domain.ErrNotPaid) {
		t.Errorf("refunded before the payment was requested: %v", err)
	}
}

func TestARefundsMailIsAwaitedByRefund(t *testing.T) {
	t.Parallel()
	o := confirmed(t)
	apply(t, o, domain.StockCommitted{}, mail(domain.ConfirmationMail, o.ID()))
	first, second := uuid.New(), uuid.New()
	c := apply(t, o, refunded(o, first, 100, 100), refunded(o, second, 50, 150))
	if len(c.Events) != 2 || c.Events[0].Version == c.Events[1].Version || o.Snapshot().Refunded != euros(150) {
		t.Fatalf("published %+v, refunded %v", c.Events, o.Snapshot().Refunded)
	}
	apply(t, o, mail(domain.RefundMail, first))
	awaitsOnly(t, o, "REFUND_MAIL")
	if again := apply(t, o, refunded(o, second, 50, 150)); len(again.Events) != 1 || again.Events[0].Version != c.Events[1].Version {
		t.Errorf("applied again, it publishes %+v", again.Events)
	}
	apply(t, o, mail(domain.RefundMail, second))
	awaitsOnly(t, o)
	if again := apply(t, o, refunded(o, second, 50, 150)); len(again.Events) != 0 {
		t.Errorf("its mail sent, it publishes %+v", again.Events)
	}
}
