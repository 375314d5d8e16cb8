package main

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// judgeClosely reads the histories of the orders that somebody wanted to cancel or
// watch, and of those that expired; and the refunds of those that were given money back
// or should have been.
func (c *checker) judgeClosely(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	for _, o := range c.book.orders {
		if o.id == "" || c.orders[o.email] == nil {
			continue
		}
		reason := c.orders[o.email].GetCancelReason()
		if len(o.cancels)+len(o.watched) > 0 || reason == orderv1.CancelReason_CANCEL_REASON_REQUESTED || reason == orderv1.CancelReason_CANCEL_REASON_EXPIRED {
			group.Go(func() error { return c.judgeHistory(ctx, o) })
		}
		if len(o.refunds) > 0 || o.refunded > 0 {
			group.Go(func() error { return c.judgeRefunds(ctx, o) })
		}
	}
	return group.Wait()
}

func (c *checker) judgeHistory(ctx context.Context, o *order) error {
	res, err := read(ctx, c.caller, "order", func(ctx context.Context, k *endpoint) (*orderv1.GetOrderResponse, error) {
		return k.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: o.id})
	})
	if err != nil {
		return fmt.Errorf("read order %s: %w", o.id, err)
	}
	history := res.GetOrder().GetHistory()
	notes := map[string]int{}
	for _, e := range history {
		notes[e.GetNote()]++
		waited := e.GetCreateTime().AsTime().Sub(res.GetOrder().GetCreateTime().AsTime())
		switch {
		case e.GetState() == confirmed:
			c.book.mu.Lock()
			c.wasConfirmed[o.number] = true
			c.book.mu.Unlock()
		case e.GetState() == cancelled && e.GetCancelReason() == orderv1.CancelReason_CANCEL_REASON_EXPIRED && waited < c.window:
			c.book.findf(o, "EXPIRED_EARLY", "it expired within %v, it had %v", waited, c.window)
		}
	}
	for i, v := range o.watched {
		if i >= len(history) || history[i].GetVersion() != v {
			c.book.findf(o, "WATCH_DIFFERS", "WatchOrder sent the versions %v, which is not how the history begins", o.watched)
			break
		}
	}
	for _, w := range o.cancels {
		n := notes[w.requestID]
		if w.outcome == acknowledged && n != 1 || w.outcome == refused && n != 0 {
			c.book.findf(o, "CANCEL_DIFFERS", "CancelOrder was %s, and is %d times in the history", outcomeOf(w), n)
		}
		if w.outcome == unknown {
			c.book.findf(o, "NEVER_ANSWERED", "CancelOrder %s had no answer after the faults were over", w.requestID)
		}
	}
	return nil
}

func outcomeOf(w *write) string {
	if w.outcome == refused {
		return "refused (" + w.reason + ")"
	}
	return "acknowledged"
}

func (c *checker) judgeRefunds(ctx context.Context, o *order) error {
	res, err := read(ctx, c.caller, "payment", func(ctx context.Context, k *endpoint) (*paymentv1.ListRefundsResponse, error) {
		return k.payment.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PaymentId: o.paymentID, PageSize: 1000})
	})
	if err != nil {
		return fmt.Errorf("list refunds of order %s: %w", o.id, err)
	}
	there := map[string][]*paymentv1.Refund{}
	for _, r := range res.GetRefunds() {
		there[r.GetReason()] = append(there[r.GetReason()], r)
		if r.GetStatus() == paymentv1.RefundStatus_REFUND_STATUS_SUCCEEDED {
			c.book.mu.Lock()
			c.given[o.number]++
			c.book.mu.Unlock()
		}
	}
	for _, r := range o.refunds {
		got := there[r.requestID]
		switch {
		case r.outcome == unknown:
			c.book.findf(o, "NEVER_ANSWERED", "RefundPayment %s had no answer after the faults were over", r.requestID)
		case r.outcome == refused && len(got) > 0:
			c.book.findf(o, "REFUSED_AND_THERE", "RefundPayment was refused (%s), and is there: %v", r.reason, got)
		case r.outcome == acknowledged && len(got) != 1:
			c.book.findf(o, "REFUND_DIFFERS", "RefundPayment %s was acknowledged, and is there %d times", r.requestID, len(got))
		case r.outcome == acknowledged && (got[0].GetId() != r.id || cents(got[0].GetAmount()) != r.amount ||
			got[0].GetStatus() != paymentv1.RefundStatus_REFUND_STATUS_SUCCEEDED):
			c.book.findf(o, "REFUND_DIFFERS", "a refund of %d cents was acknowledged as %s, there is %v", r.amount, r.id, got[0])
		}
	}
	return nil
}
