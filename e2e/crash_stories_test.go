//go:build crashpoints

package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// crashStory is a way that an order can go, run by users who repeat what was not
// answered, with the same request id.
type crashStory struct {
	name string
	// window is the order's payment window; empty for the usual one.
	window string
	// race reports that the order ends while its payment is under way: whether money
	// was taken and given back, or never taken, is a matter of time.
	race bool
	// cards reports that the shop takes cards, by a Stripe of ours that outlives it.
	cards bool
	run   func(s *survivor)
}

// settings are short times, so that what a dead process left is soon taken over.
func (c crashStory) settings() string {
	window := c.window
	if window == "" {
		window = "600s"
	}
	methods, secrets := "", ""
	if c.cards {
		methods = `"paymentMethods":["pm_*"],`
		secrets = `,"stripeKeySecret":"STRIPE_KEY","stripeWebhookSecrets":["STRIPE_WEBHOOK"]`
	}
	return `{"order":{` + methods + `"retryAfter":"3s","paymentWindow":"` + window + `"},` +
		`"payment":{"providerTimeout":"2s","retryAfter":"0.3s","sandboxSlowDelay":"1.2s"` + secrets + `}}`
}

func crashStories() []crashStory {
	cancel := func(after orderv1.OrderState) func(s *survivor) {
		return func(s *survivor) {
			order := s.placed("sandbox_ok", 4)
			s.in(order, after)
			s.cancel(order)
		}
	}
	plain := func(method string, quantity int32, end orderv1.OrderState) func(s *survivor) {
		return func(s *survivor) { s.in(s.placed(method, quantity), end) }
	}
	return []crashStory{
		{name: "confirmed", run: plain("sandbox_ok", 3, confirmed)},
		{name: "declined", run: plain("sandbox_declined", 3, cancelled)},
		{name: "out of stock", run: plain("sandbox_ok", 11, cancelled)},
		{name: "unknown then ok", run: plain("sandbox_unknown_then_ok", 1, confirmed)},
		{name: "unknown then declined", run: plain("sandbox_unknown_then_declined", 1, cancelled)},
		{name: "cancelled after confirmation", run: cancel(confirmed)},
		{name: "cancelled before payment", race: true, run: func(s *survivor) { s.cancel(s.placed("sandbox_slow", 2)) }},
		{name: "expired", race: true, window: "1s", run: plain("sandbox_slow", 2, cancelled)},
		{name: "refund of unknown outcome", run: func(s *survivor) {
			order := s.placed("sandbox_unknown_then_ok", 2)
			s.in(order, confirmed)
			s.cancel(order)
		}},
		{name: "refunded", run: refundedInPart},
		{name: "shipped and delivered", run: shippedAndDelivered},
		{name: "restocked", run: restocked},
		{name: "paid by card and cancelled", cards: true, run: func(s *survivor) {
			order := s.placed("pm_card_visa", 2)
			s.in(order, confirmed)
			s.cancel(order)
		}},
		{name: "erased customer", run: erasedCustomer},
		{name: "erased guest", run: erasedGuest},
		{name: "corrected", run: corrected},
		{name: "from a cart", run: fromCart},
		{name: "disputed", cards: true, run: disputed},
		{name: "refunded at Stripe", cards: true, run: refundedElsewhere},
		{name: "declined card", cards: true, run: plain("pm_card_visa_chargeDeclined", 1, cancelled)},
	}
}

// placed places an order twice with one request id, as after an answer that was lost.
func (s *survivor) placed(method string, quantity int32) *orderv1.Order {
	s.t.Helper()
	return s.placedBy(request(method, of(s.mug, quantity)))
}

func (s *survivor) placedBy(req *orderv1.PlaceOrderRequest) *orderv1.Order {
	s.t.Helper()
	var first *orderv1.PlaceOrderResponse
	for range 2 {
		s.until("place the order", func(ctx context.Context) error {
			res, err := s.order.PlaceOrder(ctx, req)
			if err != nil {
				return err
			}
			if first == nil {
				first = res
			} else if !proto.Equal(res, first) {
				s.t.Fatalf("the same request was answered %v and %v", first, res)
			}
			return nil
		})
	}
	return first.GetOrder()
}

// fromCart orders a guest's cart, which is begun twice with one request id, under the cart's
// checkout_id, and has the order's link mailed.
func fromCart(s *survivor) {
	begin := &orderv1.SetCartItemRequest{ProductCode: s.mug, Quantity: new(int32(2)), RequestId: uuid.NewString()}
	req := request("sandbox_ok")
	for range 2 {
		s.until("begin a cart", func(ctx context.Context) error {
			res, err := s.cart.SetCartItem(ctx, begin)
			if err == nil && req.GetCartToken() != "" && res.GetCartToken() != req.GetCartToken() {
				s.t.Fatal("the same request began another cart")
			}
			req.CartToken = res.GetCartToken()
			if err == nil {
				req.RequestId = res.GetCart().GetCheckoutId()
			}
			return err
		})
	}
	order := s.placedBy(req)
	s.in(order, confirmed)
	s.mailLink(order)
}

// mailLink requests an order's link until that is answered, and waits for a mail with it.
func (s *survivor) mailLink(order *orderv1.Order) {
	s.t.Helper()
	s.until("request the link", func(ctx context.Context) error {
		_, err := s.order.SendOrderLink(ctx, &orderv1.SendOrderLinkRequest{Number: order.GetNumber(), Email: order.GetContact().GetEmail()})
		return err
	})
	s.until("a mail with the link", func(ctx context.Context) error {
		res, err := s.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("order_id = %q", order.GetId())})
		if err == nil && !slices.ContainsFunc(res.GetNotifications(), isLink) {
			err = errorf("there is none among %d mails", len(res.GetNotifications()))
		}
		return err
	})
}

// isLink reports whether a mail holds nothing but the link of an order.
func isLink(n *notificationv1.Notification) bool {
	return n.GetKind() == notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_LINK
}

// in waits until the order is in a state.
func (s *survivor) in(order *orderv1.Order, state orderv1.OrderState) {
	s.t.Helper()
	s.until("an order in "+state.String(), func(ctx context.Context) error {
		res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
		if err != nil {
			return err
		}
		if got := res.GetOrder().GetState(); got != state {
			return errorf("the order is %v", got)
		}
		return nil
	})
}

func (s *survivor) cancel(order *orderv1.Order) {
	s.t.Helper()
	req := &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: order.GetId(), Reason: "changed my mind"}
	for range 2 {
		s.until("cancel the order", func(ctx context.Context) error {
			_, err := s.order.CancelOrder(ctx, req)
			return err
		})
	}
}

func refundedInPart(s *survivor) {
	order := s.placed("sandbox_ok", 2)
	s.in(order, confirmed)
	s.refund(order, "a scratch")
}

// refund gives a part of the money back.
func (s *survivor) refund(order *orderv1.Order, reason string) {
	s.t.Helper()
	req := &paymentv1.RefundPaymentRequest{
		RequestId: uuid.NewString(), PaymentId: order.GetPaymentId(), Amount: euros(6, 50), Reason: reason,
	}
	s.until("refund", func(ctx context.Context) error {
		res, err := s.payment.RefundPayment(ctx, req)
		if err == nil && res.GetRefund().GetStatus() != paymentv1.RefundStatus_REFUND_STATUS_SUCCEEDED {
			err = errorf("the refund is %v", res.GetRefund().GetStatus())
		}
		return err
	})
}

func shippedAndDelivered(s *survivor) {
	order := s.placed("sandbox_ok", 1)
	s.in(order, confirmed)
	s.ship(order)
	s.until("deliver", func(ctx context.Context) error {
		_, err := s.order.MarkOrderDelivered(ctx, &orderv1.MarkOrderDeliveredRequest{Id: order.GetId()})
		return s.unlessReached(ctx, order, delivered, err)
	})
}

func (s *survivor) ship(order *orderv1.Order) {
	s.t.Helper()
	s.until("ship", func(ctx context.Context) error {
		_, err := s.order.ShipOrder(ctx, &orderv1.ShipOrderRequest{Id: order.GetId(), Carrier: "Post", TrackingCode: "RX 12"})
		return s.unlessReached(ctx, order, shipped, err)
	})
}

// unlessReached returns the error of a call without a request id, which its caller
// repeats, unless the order is in the state that the call was for.
func (s *survivor) unlessReached(ctx context.Context, order *orderv1.Order, state orderv1.OrderState, refused error) error {
	if refused == nil {
		return nil
	}
	res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: order.GetId()})
	if err == nil && res.GetOrder().GetState() == state {
		return nil
	}
	return refused
}

func restocked(s *survivor) {
	req := &inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: s.mug, Delta: 5, Reason: "delivery"}
	for range 2 {
		s.until("adjust stock", func(ctx context.Context) error {
			_, err := s.stock.AdjustStock(ctx, req)
			return err
		})
	}
}

// end is all that a story leaves behind, in words: what one run leaves, another
// must leave too, wherever the shop died in it.
func (s *survivor) end(race bool) string {
	s.t.Helper()
	var end string
	s.until("the end state", func(ctx context.Context) error {
		var lines []string
		orders, err := s.order.ListOrders(ctx, &orderv1.ListOrdersRequest{})
		if err != nil {
			return err
		}
		for _, o := range orders.GetOrders() {
			found, err := s.endOfOrder(ctx, o.GetId(), race)
			if err != nil {
				return err
			}
			lines = append(lines, found...)
		}
		stock, err := s.endOfStock(ctx)
		if err != nil {
			return err
		}
		lines = append(lines, stock...)
		if s.cards != nil {
			for _, p := range s.cards.Ledger() {
				lines = append(lines, fmt.Sprintf("card of order: charged %d times, %d taken, %d given back, %d to be", p.Charges, p.Received, p.Refunded, p.Refunding))
			}
		}
		end = strings.Join(lines, "\n")
		return nil
	})
	return end
}

func (s *survivor) endOfOrder(ctx context.Context, id string, race bool) ([]string, error) {
	res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
	if err != nil {
		return nil, err
	}
	o := res.GetOrder()
	var history []string
	for _, h := range o.GetHistory() {
		step := h.GetState().String()
		if h.GetStep() != orderv1.OrderStep_ORDER_STEP_STATE {
			step += fmt.Sprintf(" %v %q", h.GetStep(), h.GetNote())
		}
		history = append(history, step)
	}
	disputes, err := s.endOfDisputes(ctx, o)
	if err != nil {
		return nil, err
	}
	refunds, err := s.refundsOf(ctx, o.GetPaymentId())
	if err != nil {
		return nil, err
	}
	mails, err := s.mailsOf(ctx, o)
	if err != nil {
		return nil, err
	}
	lines := []string{fmt.Sprintf("order %v %v of %v", o.GetState(), o.GetCancelReason(), o.GetTotal())}
	if !race {
		lines = append(lines,
			fmt.Sprintf("history %v", history),
			fmt.Sprintf("captured %v, refunded %v by %v", o.GetCaptured(), o.GetRefunded(), refunds))
		lines = append(lines, disputes...)
		return append(lines, mails...), nil
	}
	// Taken and given back, or never taken; and a mail for each refund.
	if !proto.Equal(o.GetCaptured(), o.GetRefunded()) {
		lines = append(lines, fmt.Sprintf("captured %v, refunded %v", o.GetCaptured(), o.GetRefunded()))
	}
	isRefund := func(mail string) bool { return strings.Contains(mail, "REFUNDED") }
	if n := len(slices.DeleteFunc(slices.Clone(mails), func(m string) bool { return !isRefund(m) })); n != len(refunds) {
		lines = append(lines, fmt.Sprintf("%d mails of %d refunds", n, len(refunds)))
	}
	return append(lines, slices.DeleteFunc(mails, isRefund)...), nil
}

func (s *survivor) refundsOf(ctx context.Context, payment string) ([]string, error) {
	res, err := s.payment.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PaymentId: payment})
	if connect.CodeOf(err) == connect.CodeNotFound {
		return nil, nil // an order that never came to its payment
	}
	if err != nil {
		return nil, err
	}
	var refunds []string
	for _, r := range res.GetRefunds() {
		refunds = append(refunds, fmt.Sprintf("%v %v by %v", r.GetStatus(), r.GetAmount(), r.GetOrigin()))
	}
	slices.Sort(refunds)
	return refunds, nil
}

// mailsOf are the mails of notification, each with how often it is in the inbox.
func (s *survivor) mailsOf(ctx context.Context, o *orderv1.Order) ([]string, error) {
	res, err := s.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("order_id = %q", o.GetId())})
	if err != nil {
		return nil, err
	}
	inbox, err := s.readInbox()
	if err != nil {
		return nil, err
	}
	received := map[string]int{}
	for _, m := range to(o.GetContact().GetEmail(), inbox) {
		received[m.Subject]++
	}
	var mails []string
	for _, n := range res.GetNotifications() {
		if isLink(n) { // one for each request that was stored, and an answer may be lost
			mails = append(mails, fmt.Sprintf("mail %v %v", n.GetKind(), n.GetStatus()))
			delete(received, n.GetSubject())
			continue
		}
		mails = append(mails, fmt.Sprintf("mail %v %v, %d in the inbox", n.GetKind(), n.GetStatus(), received[n.GetSubject()]))
		delete(received, n.GetSubject())
	}
	for subject := range received {
		return nil, errors.New("a mail that notification does not know: " + subject)
	}
	slices.Sort(mails)
	return slices.CompactFunc(mails, func(a, b string) bool { return a == b && strings.Contains(a, "ORDER_LINK") }), nil
}

func (s *survivor) endOfStock(ctx context.Context) ([]string, error) {
	res, err := s.stock.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: s.mug})
	if err != nil {
		return nil, err
	}
	lines := []string{fmt.Sprintf("stock %d on hand, %d reserved", res.GetStock().GetOnHand(), res.GetStock().GetReserved())}
	moved, err := s.stock.ListMovements(ctx, &inventoryv1.ListMovementsRequest{Filter: fmt.Sprintf("product_code = %q", s.mug)})
	if err != nil {
		return nil, err
	}
	for _, m := range slices.Backward(moved.GetMovements()) {
		lines = append(lines, fmt.Sprintf("movement %v %d", m.GetKind(), m.GetDelta()))
	}
	return lines, nil
}
