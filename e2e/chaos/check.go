package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// check compares the shop, which is whole and quiet again, with what its clients
// were told: an acknowledged write is there, a refused one is not. window is how
// long an order may wait for its payment.
func (d *driver) check(ctx context.Context, inbox string, window time.Duration) error {
	c := &checker{driver: d, window: window, orders: map[string]*orderv1.Order{}, payments: map[string]*paymentv1.Payment{}}
	for _, step := range []func(context.Context) error{c.readOrders, c.readPayments, c.judgeOrders, c.judgeClosely, c.judgeStock, c.judgeProducts} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return c.judgeMails(ctx, inbox)
}

type checker struct {
	*driver
	window   time.Duration
	orders   map[string]*orderv1.Order // by e-mail address
	payments map[string]*paymentv1.Payment
	// wasConfirmed are cancelled orders that had been confirmed.
	wasConfirmed map[string]bool
}

// pages reads a list to its end.
func pages[T any](ctx context.Context, d *driver, name string, page func(ctx context.Context, k *desk, token string) (T, string, error), each func(T)) error {
	for token := ""; ; {
		type answer struct {
			res  T
			next string
		}
		a, err := read(ctx, d.caller, name, func(ctx context.Context, k *desk) (answer, error) {
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
	err := pages(ctx, c.driver, "order", func(ctx context.Context, k *desk, token string) ([]*orderv1.Order, string, error) {
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
	err := pages(ctx, c.driver, "payment", func(ctx context.Context, k *desk, token string) ([]*paymentv1.Payment, string, error) {
		res, err := k.payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{PageSize: 1000, PageToken: token})
		return res.GetPayments(), res.GetNextPageToken(), err
	}, func(some []*paymentv1.Payment) {
		for _, p := range some {
			p.Attempts = nil
			c.payments[p.GetOrderId()] = p
		}
	})
	if err != nil {
		return fmt.Errorf("list payments: %w", err)
	}
	return nil
}

// judgeOrders compares each request to place an order with the order that it made.
func (c *checker) judgeOrders(context.Context) error {
	known := map[string]bool{}
	for _, o := range c.book.orders {
		known[o.email] = true
		got := c.orders[o.email]
		switch {
		case o.place.outcome == unknown:
			c.book.findf(o, "NEVER_ANSWERED", "PlaceOrder %s had no answer after the faults were over", o.place.requestID)
		case o.place.outcome == refused && got != nil:
			c.book.find(finding{kind: "REFUSED_AND_THERE", subject: o.email, orderID: got.GetId(),
				message: fmt.Sprintf("PlaceOrder was refused (%s), and the order %s is there", o.place.reason, got.GetId())})
		case o.place.outcome == refused:
		case got == nil:
			c.book.findf(o, "ACKNOWLEDGED_AND_GONE", "order %s was acknowledged and is not there", o.id)
		default:
			c.judgeOrder(o, got)
		}
	}
	for email, o := range c.orders {
		if !known[email] {
			c.book.find(finding{kind: "NOBODYS_ORDER", subject: email, orderID: o.GetId(), message: "nobody placed it"})
		}
	}
	return nil
}

func (c *checker) judgeOrder(o *order, got *orderv1.Order) {
	bad := func(kind, format string, args ...any) { c.book.findf(o, kind, format, args...) }
	c.book.see(o, got.GetState())
	if got.GetId() != o.id || got.GetNumber() != o.number || cents(got.GetTotal()) != o.total {
		bad("ORDER_DIFFERS", "acknowledged as %s %s of %d cents, there is %s %s of %d", o.id, o.number, o.total, got.GetId(), got.GetNumber(), cents(got.GetTotal()))
	}
	if d := differ(c.products, o.lines, got.GetLines()); d != "" {
		bad("LINES_DIFFER", "%s", d)
	}
	state, reason := got.GetState(), got.GetCancelReason()
	switch state {
	case confirmed, shipped, delivered:
		if declines(o.method) {
			bad("SOLD_UNPAID", "it was paid with %s and is %s", o.method, short(state))
		}
	case cancelled:
		c.judgeReason(o, got, reason)
	default:
		bad("NOT_FINAL", "it is still %s", short(state))
	}
	if n := acks(o.cancels); n > 1 {
		bad("CANCELLED_TWICE", "%d different requests to cancel it were acknowledged", n)
	}
	if acks(o.cancels) > 0 && (state != cancelled || reason != orderv1.CancelReason_CANCEL_REASON_REQUESTED) {
		bad("CANCEL_LOST", "CancelOrder was acknowledged, it is %s (%s)", short(state), reason)
	}
	c.judgeShipment(o, got)
	c.judgeMoney(o, got)
}

func (c *checker) judgeReason(o *order, got *orderv1.Order, reason orderv1.CancelReason) {
	switch reason {
	case orderv1.CancelReason_CANCEL_REASON_OUT_OF_STOCK:
		if !slices.ContainsFunc(o.lines, func(l line) bool { return c.products[l.product].scarce }) {
			c.book.findf(o, "NOT_OUT_OF_STOCK", "it is cancelled as OUT_OF_STOCK, of each product there was plenty")
		}
	case orderv1.CancelReason_CANCEL_REASON_PAYMENT_FAILED:
		if !declines(o.method) {
			c.book.findf(o, "NOT_DECLINED", "it is cancelled as PAYMENT_FAILED, and was paid with %s", o.method)
		}
	case orderv1.CancelReason_CANCEL_REASON_EXPIRED:
		// update_time moves on with refunds, so it only bounds from above.
		if waited := got.GetUpdateTime().AsTime().Sub(got.GetCreateTime().AsTime()); waited < c.window {
			c.book.findf(o, "EXPIRED_EARLY", "it expired within %v, it had %v", waited, c.window)
		}
	case orderv1.CancelReason_CANCEL_REASON_REQUESTED:
		if len(o.cancels) == 0 {
			c.book.findf(o, "NOBODY_CANCELLED", "it is cancelled as REQUESTED, nobody asked for that")
		}
	default:
		c.book.findf(o, "NO_REASON", "it is cancelled for the reason %v", reason)
	}
}

func (c *checker) judgeShipment(o *order, got *orderv1.Order) {
	state, sent := got.GetState(), got.GetState() == shipped || got.GetState() == delivered
	mine := slices.ContainsFunc(o.ships, func(w *write) bool { return w.requestID == got.GetShipment().GetTrackingCode() })
	switch {
	case acks(o.ships) > 0 && !sent:
		c.book.findf(o, "SHIPMENT_LOST", "ShipOrder was acknowledged, it is %s", short(state))
	case sent && !mine:
		c.book.findf(o, "NOBODY_SHIPPED", "it is %s with the tracking code %q that nobody gave", short(state), got.GetShipment().GetTrackingCode())
	case acks(o.delivers) > 0 && state != delivered:
		c.book.findf(o, "DELIVERY_LOST", "MarkOrderDelivered was acknowledged, it is %s", short(state))
	}
}

func (c *checker) judgeMoney(o *order, got *orderv1.Order) {
	captured, refunded := cents(got.GetCaptured()), cents(got.GetRefunded())
	o.captured, o.refunded = captured, refunded
	p := c.payments[o.id]
	if pc, pr := cents(p.GetCaptured()), cents(p.GetRefunded()); pc != captured || pr != refunded {
		c.book.findf(o, "BALANCES_DIFFER", "order says %d captured and %d refunded, payment %d and %d", captured, refunded, pc, pr)
	}
	if refunded > captured || captured != 0 && captured != o.total {
		c.book.findf(o, "MONEY_WRONG", "of %d cents %d were captured and %d refunded", o.total, captured, refunded)
	}
	if captured > 0 && declines(o.method) {
		c.book.findf(o, "CHARGED_THOUGH_DECLINED", "%d cents were captured by %s", captured, o.method)
	}
	switch got.GetState() {
	case cancelled:
		if captured != refunded {
			c.book.findf(o, "PAID_AND_CANCELLED", "%d cents were captured and %d refunded", captured, refunded)
		}
	case confirmed, shipped, delivered:
		var asked int64
		for _, r := range o.refunds {
			if r.outcome == acknowledged {
				asked += r.amount
			}
		}
		if captured != o.total || refunded != asked {
			c.book.findf(o, "REFUNDS_DIFFER", "of %d cents %d were captured and %d refunded; refunds of %d were acknowledged", o.total, captured, refunded, asked)
		}
	default:
	}
}

func acks(writes []*write) int {
	n := 0
	for _, w := range writes {
		if w.outcome == acknowledged {
			n++
		}
	}
	return n
}

// differ names the first difference between what was ordered and what is there.
func differ(products []*product, lines []line, got []*orderv1.OrderLine) string {
	if len(lines) != len(got) {
		return fmt.Sprintf("%d lines were ordered, there are %d", len(lines), len(got))
	}
	for i, l := range lines {
		if code := products[l.product].code; got[i].GetProductCode() != code || got[i].GetQuantity() != l.quantity {
			return fmt.Sprintf("ordered were %d of %s, there are %d of %s", l.quantity, code, got[i].GetQuantity(), got[i].GetProductCode())
		}
	}
	return ""
}

// judgeClosely reads the orders that somebody wanted to cancel, refund or watch,
// with their histories and refunds.
func (c *checker) judgeClosely(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(16)
	c.wasConfirmed = map[string]bool{}
	for _, o := range c.book.orders {
		if o.id == "" || c.orders[o.email] == nil {
			continue
		}
		reason := c.orders[o.email].GetCancelReason()
		if len(o.cancels)+len(o.watched) > 0 || reason == orderv1.CancelReason_CANCEL_REASON_REQUESTED || reason == orderv1.CancelReason_CANCEL_REASON_EXPIRED {
			group.Go(func() error { return c.judgeHistory(ctx, o) })
		}
		if len(o.refunds) > 0 {
			group.Go(func() error { return c.judgeRefunds(ctx, o) })
		}
	}
	return group.Wait()
}

func (c *checker) judgeHistory(ctx context.Context, o *order) error {
	res, err := read(ctx, c.caller, "order", func(ctx context.Context, k *desk) (*orderv1.GetOrderResponse, error) {
		return k.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: o.id})
	})
	if err != nil {
		return fmt.Errorf("read order %s: %w", o.id, err)
	}
	history := res.GetOrder().GetHistory()
	notes := map[string]int{}
	for _, e := range history {
		notes[e.GetNote()]++
		if e.GetState() == confirmed {
			c.book.mu.Lock()
			c.wasConfirmed[o.number] = true
			c.book.mu.Unlock()
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
			c.book.findf(o, "CANCEL_DIFFERS", "CancelOrder was %s, and is %d times in the history", said(w), n)
		}
		if w.outcome == unknown {
			c.book.findf(o, "NEVER_ANSWERED", "CancelOrder %s had no answer after the faults were over", w.requestID)
		}
	}
	return nil
}

func said(w *write) string {
	if w.outcome == refused {
		return "refused (" + w.reason + ")"
	}
	return "acknowledged"
}

func (c *checker) judgeRefunds(ctx context.Context, o *order) error {
	res, err := read(ctx, c.caller, "payment", func(ctx context.Context, k *desk) (*paymentv1.ListRefundsResponse, error) {
		return k.payment.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PaymentId: o.paymentID, PageSize: 1000})
	})
	if err != nil {
		return fmt.Errorf("list refunds of order %s: %w", o.id, err)
	}
	there := map[string][]*paymentv1.Refund{}
	for _, r := range res.GetRefunds() {
		there[r.GetReason()] = append(there[r.GetReason()], r)
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

// judgeStock compares each product's stock and ledger with what was adjusted and sold.
func (c *checker) judgeStock(ctx context.Context) error {
	sold := map[int]int64{}
	for _, o := range c.book.orders {
		switch c.orders[o.email].GetState() {
		case confirmed, shipped, delivered:
			for _, l := range o.lines {
				sold[l.product] += int64(l.quantity)
			}
		default:
		}
	}
	for i, p := range c.products {
		bad := func(kind, format string, args ...any) {
			c.book.find(finding{kind: kind, subject: p.code, message: fmt.Sprintf(format, args...)})
		}
		res, err := read(ctx, c.caller, "inventory", func(ctx context.Context, k *desk) (*inventoryv1.GetStockResponse, error) {
			return k.stock.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: p.code})
		})
		if err != nil {
			return fmt.Errorf("read the stock of %s: %w", p.code, err)
		}
		s := res.GetStock()
		if want := p.stock - sold[i]; s.GetOnHand() != want || s.GetReserved() != 0 {
			bad("STOCK_DIFFERS", "%d on hand and %d reserved; adjusted by %d and sold %d leaves %d", s.GetOnHand(), s.GetReserved(), p.stock, sold[i], want)
		}
		if err := c.judgeLedger(ctx, p, s.GetOnHand(), bad); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) judgeLedger(ctx context.Context, p *product, onHand int64, bad func(kind, format string, args ...any)) error {
	there := map[string]int{}
	want := onHand // newest first: each line's on_hand_after is what the lines after it began with
	err := pages(ctx, c.driver, "inventory", func(ctx context.Context, k *desk, token string) ([]*inventoryv1.StockMovement, string, error) {
		res, err := k.stock.ListMovements(ctx, &inventoryv1.ListMovementsRequest{PageSize: 1000, PageToken: token, Filter: fmt.Sprintf("product_code = %q", p.code)})
		return res.GetMovements(), res.GetNextPageToken(), err
	}, func(some []*inventoryv1.StockMovement) {
		for _, m := range some {
			if m.GetOnHandAfter() != want || want < 0 {
				bad("LEDGER_DIFFERS", "movement %d leaves %d on hand, the ones after it say %d", m.GetId(), m.GetOnHandAfter(), want)
			}
			want = m.GetOnHandAfter() - m.GetDelta()
			if m.GetKind() != inventoryv1.StockMovementKind_STOCK_MOVEMENT_KIND_ADJUSTMENT {
				continue
			}
			there[m.GetReason()]++
			if a := p.writes[m.GetReason()]; a == nil || a.delta != m.GetDelta() {
				bad("NOBODYS_ADJUSTMENT", "movement %d of %d pieces (%s) was not asked for so", m.GetId(), m.GetDelta(), m.GetReason())
			}
		}
	})
	if err != nil {
		return fmt.Errorf("list the movements of %s: %w", p.code, err)
	}
	if want != 0 {
		bad("LEDGER_DIFFERS", "the ledger begins with %d pieces", want)
	}
	for id, a := range p.writes {
		n := there[id]
		if a.outcome == acknowledged && n != 1 || a.outcome == refused && n != 0 {
			bad("ADJUSTMENT_DIFFERS", "AdjustStock %s was %s, and is %d times in the ledger", id, said(&a.write), n)
		}
		if a.outcome == unknown {
			bad("NEVER_ANSWERED", "AdjustStock %s had no answer after the faults were over", id)
		}
	}
	return nil
}

// settle is how long what follows from the last event may take: levels are
// announced every 30 s at least.
const settle = 60 * time.Second

// judgeProducts checks that no reader kept, or came back to, an old price or level.
func (c *checker) judgeProducts(ctx context.Context) error {
	for _, p := range c.products {
		var last string
		for deadline := time.Now().Add(settle); ; {
			var err error
			if last, err = c.compare(ctx, p); err != nil {
				return err
			}
			if last == "" || time.Now().After(deadline) {
				break
			}
			if err := sleep(ctx, 500*time.Millisecond); err != nil {
				return err
			}
		}
		if last != "" {
			c.book.find(finding{kind: "OLD_STATE", subject: p.code, message: last})
		}
	}
	return nil
}

func (c *checker) compare(ctx context.Context, p *product) (string, error) {
	shown, err := read(ctx, c.caller, "catalog", func(ctx context.Context, k *desk) (*catalogv1.GetProductResponse, error) {
		return k.product.GetProduct(ctx, &catalogv1.GetProductRequest{Code: p.code})
	})
	if err != nil {
		return "", fmt.Errorf("read product %s: %w", p.code, err)
	}
	quote, err := read(ctx, c.caller, "order", func(ctx context.Context, k *desk) (*orderv1.QuoteOrderResponse, error) {
		return k.order.QuoteOrder(ctx, &orderv1.QuoteOrderRequest{Lines: []*orderv1.OrderLineRequest{{ProductCode: p.code, Quantity: 1}}})
	})
	if err != nil {
		return "", fmt.Errorf("quote %s: %w", p.code, err)
	}
	stock, err := read(ctx, c.caller, "inventory", func(ctx context.Context, k *desk) (*inventoryv1.GetStockResponse, error) {
		return k.stock.GetStock(ctx, &inventoryv1.GetStockRequest{ProductCode: p.code})
	})
	if err != nil {
		return "", fmt.Errorf("read the stock of %s: %w", p.code, err)
	}
	price, quoted := cents(shown.GetProduct().GetPrice()), cents(quote.GetQuote().GetTotal())
	if price != p.price || quoted != p.price {
		return fmt.Sprintf("the price was last set to %d cents; catalog says %d, order quotes %d", p.price, price, quoted), nil
	}
	if level, there := shown.GetProduct().GetAvailableQuantity(), stock.GetStock().GetAvailable(); level != there {
		return fmt.Sprintf("inventory has %d available, catalog shows %d", there, level), nil
	}
	return "", nil
}

// judgeMails reads the inbox: one confirmation for each confirmed order, one
// cancellation for each cancelled one, none for others.
func (c *checker) judgeMails(ctx context.Context, inbox string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, inbox+"/inbox.json", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	defer func() { _ = res.Body.Close() }()
	sent := map[string]int{} // by subject and recipient
	decode := json.NewDecoder(res.Body)
	if _, err := decode.Token(); err != nil {
		return fmt.Errorf("read the inbox: %w", err)
	}
	for decode.More() {
		var m struct{ To, Subject string }
		if err := decode.Decode(&m); err != nil {
			return fmt.Errorf("read the inbox: %w", err)
		}
		sent[m.Subject+" > "+m.To]++
	}
	for _, o := range c.book.orders {
		got := c.orders[o.email]
		if o.id == "" || got == nil {
			continue
		}
		least, most, cancellations := 0, 0, 0
		switch got.GetState() {
		case confirmed, shipped, delivered:
			least, most = 1, 1
		case cancelled:
			cancellations = 1
			if c.wasConfirmed[o.number] {
				most = 1
			}
		default:
		}
		key := func(what string) string { return fmt.Sprintf("Order %s %s > %s", o.number, what, o.email) }
		if n := sent[key("confirmed")]; n < least || n > most {
			c.book.findf(o, "CONFIRMATION_MAILS", "%d confirmation mails are in the inbox, the order is %s", n, short(got.GetState()))
		}
		if n := sent[key("cancelled")]; n != cancellations {
			c.book.findf(o, "CANCELLATION_MAILS", "%d cancellation mails are in the inbox, the order is %s", n, short(got.GetState()))
		}
		delete(sent, key("confirmed"))
		delete(sent, key("cancelled"))
	}
	for key, n := range sent {
		if strings.Contains(key, "confirmed >") || strings.Contains(key, "cancelled >") {
			c.book.find(finding{kind: "NOBODYS_MAIL", subject: key, message: fmt.Sprintf("%d mails about an order that nobody placed", n)})
		}
	}
	return nil
}
