package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// check compares the shop, which is whole and quiet again, with what its clients
// were answered: an acknowledged write is there, a refused one is not. window is how
// long an order may wait for its payment.
func (d *driver) check(ctx context.Context, inbox string, window time.Duration) error {
	c := &checker{
		driver: d, window: window, orders: map[string]*orderv1.Order{}, payments: map[string]*paymentv1.Payment{},
		wasConfirmed: map[string]bool{}, given: map[string]int{},
	}
	for _, step := range []func(context.Context) error{
		c.readOrders, c.readPayments, c.judgeOrders, c.judgeClosely, c.checkStock, c.judgeProducts,
		c.checkSettings, c.checkGuests, c.checkCarts, c.checkAccounts, c.judgeStoredMails,
	} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	c.judgeAnswers()
	return c.judgeMails(ctx, inbox)
}

// refusals are the reasons for which a kind of request may be refused here.
func refusals() map[string][]string {
	// The fields of an order are invalid when its cart is empty.
	place := []string{"DUPLICATE_LINE", "PAYMENT_METHOD_UNKNOWN", "PRICE_CHANGED", "PRODUCT_NOT_FOUND", "INVALID_FIELD"}
	return map[string][]string{
		"PlaceOrder": place, "PlaceOrder twin": place,
		"CancelOrder": {"ORDER_STATE"}, "ShipOrder": {"ORDER_STATE", "ORDER_REFUNDED"}, "MarkOrderDelivered": {"ORDER_STATE"},
		"RefundPayment": {"PAYMENT_STATE", "REFUND_TOO_LARGE"},
		// A product is known to inventory shortly after its creation.
		"AdjustStock": {"STOCK_INSUFFICIENT", "PRODUCT_NOT_FOUND"},
		// Where they are sent it is judged when.
		"SetCartItem":    {"ETAG_MISMATCH"},
		"RefreshSession": {reasonExpired, reasonReused}, "RefreshSession at once": {reasonExpired, reasonReused}, "RefreshSession repeated": {reasonExpired, reasonReused},
	}
}

// judgeAnswers finds refusals that nothing in the run is a reason for, and internal
// errors: whatever is broken, the shop must answer what that means for the caller.
// Refusals of requests that are sent again are judged where they are sent.
func (c *checker) judgeAnswers() {
	c.tally.mu.Lock()
	defer c.tally.mu.Unlock()
	for what, n := range c.tally.outcomes {
		kind, reason, isRefused := strings.Cut(what, " refused ")
		if isRefused && !strings.HasSuffix(kind, " again") && !slices.Contains(refusals()[kind], reason) {
			c.book.find(finding{kind: "REFUSED_FOR_NOTHING", subject: kind, message: fmt.Sprintf("%d were refused for %s", n, reason)})
		}
	}
	for kind, message := range c.tally.failures {
		c.book.find(finding{kind: "INTERNAL_ANSWER", subject: kind, message: message})
	}
}

type checker struct {
	*driver
	window   time.Duration
	orders   map[string]*orderv1.Order // by e-mail address
	payments map[string]*paymentv1.Payment
	// wasConfirmed are cancelled orders that had been confirmed, and given is how many
	// refunds succeeded, both by the order's number; the book's lock guards them.
	wasConfirmed map[string]bool
	given        map[string]int
}

// pages reads a list to its end.
func pages[T any](ctx context.Context, d *driver, name string, page func(ctx context.Context, k *endpoint, token string) (T, string, error), each func(T)) error {
	for token := ""; ; {
		type answer struct {
			res  T
			next string
		}
		a, err := read(ctx, d.caller, name, func(ctx context.Context, k *endpoint) (answer, error) {
			res, next, err := page(ctx, k, token)
			return answer{res, next}, err
		})
		if err != nil {
			return err
		}
		each(a.res)
		if token = a.next; token == "" {
			return nil
		}
	}
}

func (c *checker) readOrders(ctx context.Context) error {
	err := pages(ctx, c.driver, "order", func(ctx context.Context, k *endpoint, token string) ([]*orderv1.Order, string, error) {
		res, err := k.order.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: 1000, PageToken: token, OrderBy: "create_time"})
		return res.GetOrders(), res.GetNextPageToken(), err
	}, func(some []*orderv1.Order) {
		for _, o := range some {
			email := o.GetContact().GetEmail()
			if other := c.orders[email]; other != nil {
				c.book.find(finding{kind: "TWO_ORDERS", subject: email, orderID: o.GetId(),
					message: fmt.Sprintf("one request made the orders %s and %s", other.GetId(), o.GetId())})
			}
			c.orders[email] = o
		}
	})
	if err != nil {
		return fmt.Errorf("list orders: %w", err)
	}
	return nil
}

func (c *checker) readPayments(ctx context.Context) error {
	err := pages(ctx, c.driver, "payment", func(ctx context.Context, k *endpoint, token string) ([]*paymentv1.Payment, string, error) {
		res, err := k.payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{PageSize: 1000, PageToken: token})
		return res.GetPayments(), res.GetNextPageToken(), err
	}, func(some []*paymentv1.Payment) {
		for _, p := range some {
			p.Attempts = nil
			if other := c.payments[p.GetOrderId()]; other != nil {
				c.book.find(finding{kind: "TWO_PAYMENTS", subject: p.GetOrderId(), orderID: p.GetOrderId(),
					message: fmt.Sprintf("one order has the payments %s and %s", other.GetId(), p.GetId())})
			}
			c.payments[p.GetOrderId()] = p
		}
	})
	if err != nil {
		return fmt.Errorf("list payments: %w", err)
	}
	return nil
}
