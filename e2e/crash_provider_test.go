//go:build crashpoints

package e2e

import (
	"context"
	"fmt"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// disputed has the customer's bank dispute a charge, and the shop lose. Stripe reports
// each change until it is answered.
func disputed(s *survivor) {
	order, intent := s.paidByCard()
	s.ownPart()
	s.receive()
	id, err := s.cards.Dispute(intent, 1650, "fraudulent")
	if err != nil {
		s.t.Fatal(err)
	}
	s.standsAs(order, orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_NEEDS_RESPONSE)
	if err := s.cards.SetDispute(id, "lost"); err != nil {
		s.t.Fatal(err)
	}
	s.standsAs(order, orderv1.OrderDisputeStatus_ORDER_DISPUTE_STATUS_LOST)
}

// refundedElsewhere has money given back at Stripe's dashboard, without the shop.
func refundedElsewhere(s *survivor) {
	order, intent := s.paidByCard()
	s.ownPart()
	s.receive()
	if err := s.cards.RefundElsewhere(intent, 650); err != nil {
		s.t.Fatal(err)
	}
	s.until("the refund in the order", func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
		if err == nil && res.GetOrder().GetRefunded().GetUnits() == 0 {
			err = errorf("the order knows of no refund")
		}
		return err
	})
}

// paidByCard is a confirmed order and its PaymentIntent at Stripe.
func (s *survivor) paidByCard() (order *orderv1.Order, intent string) {
	s.t.Helper()
	order = s.placed("pm_card_visa", 1)
	s.in(order, confirmed)
	payments := s.cards.Of(order.GetPaymentId())
	if len(payments) != 1 {
		s.t.Fatalf("Stripe has %d PaymentIntents of the order, want 1", len(payments))
	}
	return order, payments[0].Intent
}

// receive has Stripe send its events to the shop from now on, where it listens after a
// restart too.
func (s *survivor) receive() {
	s.webhooks = true
	s.cards.SetEndpoint(s.api["payment"]+"/webhooks/stripe", webhookSecret)
}

// standsAs waits until the order's one dispute has come to a state.
func (s *survivor) standsAs(order *orderv1.Order, status orderv1.OrderDisputeStatus) {
	s.t.Helper()
	s.until("a dispute "+status.String(), func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
		if err != nil {
			return err
		}
		if all := res.GetOrder().GetDisputes(); len(all) != 1 || all[0].GetStatus() != status {
			return errorf("the order's disputes are %v", all)
		}
		return nil
	})
}

// endOfDisputes are the disputes of an order, as order and payment hold them.
func (s *survivor) endOfDisputes(ctx context.Context, o *orderv1.Order) ([]string, error) {
	if s.cards == nil {
		return nil, nil
	}
	res, err := s.payment.GetPayment(ctx, &paymentv1.GetPaymentRequest{Id: o.GetPaymentId()})
	if err != nil {
		return nil, err
	}
	var lines []string
	for _, d := range o.GetDisputes() {
		lines = append(lines, fmt.Sprintf("order holds a dispute of %v for %q, %v", d.GetAmount(), d.GetReason(), d.GetStatus()))
	}
	for _, d := range res.GetPayment().GetDisputes() {
		lines = append(lines, fmt.Sprintf("payment holds a dispute of %v for %q, %v", d.GetAmount(), d.GetReason(), d.GetStatus()))
	}
	return lines, nil
}
