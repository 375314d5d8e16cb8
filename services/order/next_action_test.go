package order_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
)

// actionFor reads an order as a caller, and returns what they have to do.
func (b *harness) actionFor(t *testing.T, caller authz.Identity, o *orderv1.Order) *orderv1.OrderNextAction {
	t.Helper()
	res, err := b.as(caller).GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: o.GetId()})
	if err != nil {
		t.Fatal(err)
	}
	return res.GetOrder().GetNextAction()
}

// A payment that waits for the customer shows what to do, to the customer or the guest whose
// order it is and to nobody else, and only then payment is called.
func TestTheNextActionIsShownToWhoseOrderItIs(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	own, guests := b.buy(t, ada, request()), b.buy(t, authz.Identity{}, request())
	guest := guestOf(t, guests.GetGuestToken())
	b.action = func(_ context.Context, payment uuid.UUID) (app.NextAction, error) {
		if payment.String() == own.GetOrder().GetPaymentId() {
			return app.NextAction{ClientSecret: "pi_1_secret_2"}, nil
		}
		return app.NextAction{RedirectURL: "https://bank.invalid/" + payment.String()}, nil
	}
	for _, state := range []string{"placed", "reserved"} {
		if b.actionFor(t, ada, own.GetOrder()) != nil || b.actionFor(t, guest, guests.GetOrder()) != nil || b.reads > 0 {
			t.Errorf("%s: payment was called %d times", state, b.reads)
		}
		if state == "placed" {
			b.handle(stockReserved(own.GetOrder()), stockReserved(guests.GetOrder()))
		}
	}
	b.handle(actionRequired(own.GetOrder(), b.orders.Now()), actionRequired(guests.GetOrder(), b.orders.Now()))
	if got := b.actionFor(t, ada, own.GetOrder()).GetClientSecret(); got != "pi_1_secret_2" {
		t.Errorf("the customer sees the client secret %q", got)
	}
	if got, want := b.actionFor(t, guest, guests.GetOrder()).GetRedirectUrl(), "https://bank.invalid/"+guests.GetOrder().GetPaymentId(); got != want {
		t.Errorf("the guest is sent to %q, want %q", got, want)
	}
	for _, other := range []authz.Identity{{Kind: authz.Owner}, testkit.Staff(optionsv1.Permission_PERMISSION_ORDERS_READ)} {
		if b.actionFor(t, other, own.GetOrder()) != nil || b.actionFor(t, other, guests.GetOrder()) != nil {
			t.Errorf("%s sees what the customer has to do", other.Kind)
		}
	}
	list, err := b.as(ada).ListOrders(t.Context(), &orderv1.ListOrdersRequest{})
	if err != nil || len(list.GetOrders()) != 1 || list.GetOrders()[0].GetNextAction() != nil {
		t.Errorf("listed %v, %v", list, err)
	}
	if b.reads != 2 {
		t.Errorf("payment was called %d times, want 2", b.reads)
	}
	// The bank works on the one, the other is cancelled: nothing is left to do.
	b.handle(processing(own.GetOrder(), b.orders.Now()))
	if _, err := b.as(guest).CancelOrder(t.Context(), &orderv1.CancelOrderRequest{Id: guests.GetOrder().GetId(), RequestId: uuid.NewString()}); err != nil {
		t.Fatal(err)
	}
	if b.actionFor(t, ada, own.GetOrder()) != nil || b.actionFor(t, guest, guests.GetOrder()) != nil || b.reads != 2 {
		t.Errorf("payment was called %d times, want 2", b.reads)
	}
}

// While payment is away, or takes long, the order is read all the same.
func TestAnOrderIsReadThoughPaymentIsAway(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := aCustomer()
	o := b.buy(t, ada, request()).GetOrder()
	b.handle(stockReserved(o))
	b.handle(actionRequired(o, b.orders.Now()))
	for name, answer := range map[string]app.ReadNextAction{
		"refused": func(context.Context, uuid.UUID) (app.NextAction, error) { return app.NextAction{}, errors.New("away") },
		"silent": func(ctx context.Context, _ uuid.UUID) (app.NextAction, error) {
			if until, bounded := ctx.Deadline(); !bounded || time.Until(until) > time.Second {
				t.Error("a payment that is silent is waited for longer than a second")
			}
			<-ctx.Done()
			return app.NextAction{}, ctx.Err()
		},
		"nothing to do": func(context.Context, uuid.UUID) (app.NextAction, error) { return app.NextAction{}, nil },
	} {
		b.action = answer
		if got := b.actionFor(t, ada, o); got != nil {
			t.Errorf("%s: the customer has to do %v", name, got)
		}
	}
	b.action = func(context.Context, uuid.UUID) (app.NextAction, error) {
		return app.NextAction{ClientSecret: "s"}, nil
	}
	if got := b.actionFor(t, ada, o); got.GetClientSecret() != "s" {
		t.Errorf("once payment answers: %v", got)
	}
}
