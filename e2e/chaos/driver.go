package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// driver is the shop's customers and staff.
type driver struct {
	*caller
	seed     uint64
	book     *book
	products []*product
	window   chan struct{}      // one token for each order that may be under way
	eyes     []*endpoint        // ways to call order that nothing disturbs
	stop     context.CancelFunc // ends the clients' patience
	polling  sync.Mutex         // one poll at a time, so that none overtakes another
	healed   chan struct{}      // closed when the faults are over
}

// methods are the sandbox's and Stripe's, by how often they are used. Slow ones are
// many, so that there are always orders in the middle of their way.
var methods = []string{
	"sandbox_slow", "sandbox_slow", "sandbox_slow", "sandbox_slow", "sandbox_slow", "sandbox_ok", "sandbox_ok", "sandbox_ok",
	"sandbox_unknown_then_ok", "sandbox_declined", "sandbox_unknown_then_declined",
	"pm_card_visa", "pm_card_visa", "pm_card_pendingRefund", "pm_card_chargeDeclined",
}

// declines reports that a method never captures.
func declines(method string) bool {
	return method == "sandbox_declined" || method == "sandbox_unknown_then_declined" || method == "pm_card_chargeDeclined"
}

// random makes the source of one client's decisions: the same for the same seed.
func (d *driver) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(d.seed, stream)) }

// newID is a request_id from a client's own randomness.
func newID(rng *rand.Rand) string {
	var id uuid.UUID
	for i := range id {
		id[i] = byte(rng.Uint32())
	}
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

func euros(cents int64) *money.Money {
	return &money.Money{CurrencyCode: "EUR", Units: cents / 100, Nanos: int32(cents%100) * 10_000_000}
}

func cents(m *money.Money) int64 { return m.GetUnits()*100 + int64(m.GetNanos())/10_000_000 }

// plenty products never run out, scarce ones often do.
const (
	plenty = 9
	scarce = 3
)

// fill creates the products, before anything is broken.
func (d *driver) fill(ctx context.Context) error {
	c, err := read(ctx, d.caller, "catalog", func(ctx context.Context, k *endpoint) (*catalogv1.CreateCategoryResponse, error) {
		return k.category.CreateCategory(ctx, &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{Name: "Chaos"}})
	})
	if err != nil {
		return fmt.Errorf("create a category: %w", err)
	}
	rng := d.random(0)
	for i := range plenty + scarce {
		p := &product{code: fmt.Sprintf("CHAOS-%02d", i), scarce: i >= plenty, price: int64(300 + 100*i), prices: map[int64]bool{}, writes: map[string]*adjustment{}}
		p.prices[p.price] = true
		res, err := read(ctx, d.caller, "catalog", func(ctx context.Context, k *endpoint) (*catalogv1.CreateProductResponse, error) {
			return k.product.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
				Code: p.code, Name: "Thing " + p.code, CategoryId: c.GetCategory().GetId(), Price: euros(p.price),
			}})
		})
		if err != nil {
			return fmt.Errorf("create %s: %w", p.code, err)
		}
		p.id = res.GetProduct().GetId()
		d.products = append(d.products, p)
	}
	for _, p := range d.products {
		stock := int64(1_000_000)
		if p.scarce {
			stock = 40
		}
		// The product is known to inventory and order shortly after its creation.
		for d.adjust(rng, p, stock) == refused {
			if err := sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
		for {
			_, err := read(ctx, d.caller, "order", func(ctx context.Context, k *endpoint) (*orderv1.QuoteOrderResponse, error) {
				return k.order.QuoteOrder(ctx, &orderv1.QuoteOrderRequest{Lines: []*orderv1.OrderLineRequest{{ProductCode: p.code, Quantity: 1}}})
			})
			if err == nil {
				break
			}
			if err := sleep(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// perSecond bounds how many orders are placed.
const perSecond = 100

// run sells until selling ends, and returns when every client knows what came of
// what it requested, or lost its patience.
func (d *driver) run(selling context.Context) {
	var following, others sync.WaitGroup
	following.Go(d.follow)
	for i := range 2 {
		others.Go(func() { d.count(selling, uint64(i)) })
	}
	others.Go(func() { d.reprice(selling) })
	tick := time.NewTicker(time.Second / perSecond)
	defer tick.Stop()
	for serial := uint64(1); selling.Err() == nil; serial++ {
		select {
		case <-selling.Done():
		case d.window <- struct{}{}:
			others.Go(func() { d.customer(serial) })
		}
		select {
		case <-selling.Done():
		case <-tick.C:
		}
	}
	others.Wait()
	d.stop()
	following.Wait()
}

// customer places one order and does with it what customers and staff do.
func (d *driver) customer(serial uint64) {
	rng := d.random(serial << 8)
	o, req := d.newOrder(rng, serial)
	d.book.begin(o)
	free := sync.OnceFunc(func() { <-d.window })
	defer free()
	reply := d.place(rng, o, req)
	if reply == nil && o.doubtful() {
		free()
		reply = d.placeLate(rng, o, req)
	}
	if reply == nil {
		return
	}
	var beside sync.WaitGroup
	defer beside.Wait()
	if rng.IntN(50) == 0 {
		beside.Go(func() { d.watch(o) })
	}
	if rng.IntN(8) == 0 {
		again := rand.New(rand.NewPCG(rng.Uint64(), 1))
		beside.Go(func() { d.placeAgain(again, o, req, reply) })
	}
	if rng.IntN(12) == 0 { // changes its mind while the order is on its way
		if d.pause(rng, 4*time.Second) {
			d.cancel(rng, o)
		}
	}
	select {
	case <-o.decided:
	case <-d.patience.Done():
		return
	}
	free()
	if d.stateOf(o) == confirmed {
		d.afterSale(rng, o)
	}
}

func (d *driver) stateOf(o *order) orderv1.OrderState {
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	return o.state
}

// pause waits up to a bound; false means that patience ended.
func (d *driver) pause(rng *rand.Rand, bound time.Duration) bool {
	return sleep(d.patience, time.Duration(rng.Int64N(int64(bound)))) == nil
}

// newOrder draws an order; one in twenty must be refused.
func (d *driver) newOrder(rng *rand.Rand, serial uint64) (*order, *orderv1.PlaceOrderRequest) {
	o := &order{
		email: fmt.Sprintf("chaos%d@example.com", serial), method: methods[rng.IntN(len(methods))],
		decided: make(chan struct{}), place: write{kind: "PlaceOrder", requestID: newID(rng)},
	}
	for _, i := range rng.Perm(plenty)[:1+rng.IntN(3)] {
		o.lines = append(o.lines, line{i, 1 + rng.Int32N(3)})
	}
	if rng.IntN(8) == 0 {
		o.lines[0].product = plenty + rng.IntN(scarce)
	}
	req := &orderv1.PlaceOrderRequest{
		RequestId:       o.place.requestID,
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: o.email},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "W1", Locality: "London", AddressLines: []string{"12 St James's Square"}},
		PaymentMethod:   o.method,
	}
	for _, l := range o.lines {
		req.Lines = append(req.Lines, &orderv1.OrderLineRequest{ProductCode: d.products[l.product].code, Quantity: l.quantity})
	}
	switch rng.IntN(80) {
	case 0:
		req.PaymentMethod, o.mustRefuse = "barter", "PAYMENT_METHOD_UNKNOWN"
	case 1:
		req.Lines[0].ProductCode, o.mustRefuse = "CHAOS-NONE", "PRODUCT_NOT_FOUND"
	case 2:
		req.ExpectedTotal, o.mustRefuse = euros(1), "PRICE_CHANGED"
	case 3:
		req.Lines, o.mustRefuse = append(req.Lines, req.Lines[0]), "DUPLICATE_LINE"
	case 4, 5, 6, 7: // shows its customer the price that it knows, which may be an old one
		var sum int64
		for _, l := range o.lines {
			p := d.products[l.product]
			p.mu.Lock()
			sum += p.price * int64(l.quantity)
			p.mu.Unlock()
		}
		req.ExpectedTotal, o.mayRefuse = euros(sum), "PRICE_CHANGED"
	}
	return o, req
}

// place calls until the outcome is known; it returns the reply, or nil.
func (d *driver) place(rng *rand.Rand, o *order, req *orderv1.PlaceOrderRequest) *orderv1.PlaceOrderResponse {
	call := func(ctx context.Context, k *endpoint) (*orderv1.PlaceOrderResponse, error) {
		return k.order.PlaceOrder(ctx, req)
	}
	if rng.IntN(30) == 0 { // two windows, one click each
		o.twin = true
		twin := rand.New(rand.NewPCG(rng.Uint64(), 2))
		second := make(chan *orderv1.PlaceOrderResponse, 1)
		go func() {
			w := write{kind: "PlaceOrder twin", requestID: o.place.requestID}
			res, err := callUntilKnown(d.caller, twin, "order", &w, call)
			if err != nil {
				res = nil
			}
			second <- res
		}()
		defer func() {
			if res := <-second; res != nil && o.id != "" && res.GetOrder().GetId() != o.id {
				d.book.findf(o, "TWO_ORDERS", "the same request_id sent at the same time was answered with order %s", res.GetOrder().GetId())
			}
		}()
	}
	return d.placeUntilKnown(rng, o, call)
}

// serverBound is how long a request may be on its way at most, once nothing holds it
// back: the shop gives it up then.
const serverBound = 10 * time.Second

// placeLate calls once more when the faults are over. A refusal stores nothing, so it does
// not show what became of another attempt that was still on its way: that one may have
// met a later price and been accepted. By now no attempt is on its way, and this answer
// is the one that counts.
func (d *driver) placeLate(rng *rand.Rand, o *order, req *orderv1.PlaceOrderRequest) *orderv1.PlaceOrderResponse {
	select {
	case <-d.healed:
	case <-d.patience.Done():
		return nil
	}
	if sleep(d.patience, serverBound) != nil {
		return nil
	}
	o.place = write{kind: "PlaceOrder", requestID: o.place.requestID}
	return d.placeUntilKnown(rng, o, func(ctx context.Context, k *endpoint) (*orderv1.PlaceOrderResponse, error) {
		return k.order.PlaceOrder(ctx, req)
	})
}

// placeUntilKnown calls until the outcome is known, and records an order that the shop took.
func (d *driver) placeUntilKnown(
	rng *rand.Rand, o *order, call func(context.Context, *endpoint) (*orderv1.PlaceOrderResponse, error),
) *orderv1.PlaceOrderResponse {
	reply, err := callUntilKnown(d.caller, rng, "order", &o.place, call)
	if err != nil {
		return nil
	}
	got := reply.GetOrder()
	o.id, o.number, o.paymentID, o.total, o.placeTime = got.GetId(), got.GetNumber(), got.GetPaymentId(), cents(got.GetTotal()), got.GetCreateTime().AsTime()
	if got.GetState() != placed {
		d.book.findf(o, "PLACE_ANSWER", "PlaceOrder answered %s, want PLACED", short(got.GetState()))
	}
	for i, l := range got.GetLines() {
		p := d.products[o.lines[i].product]
		p.mu.Lock()
		known := p.prices[cents(l.GetUnitPrice())]
		p.mu.Unlock()
		if !known {
			d.book.findf(o, "PRICE_NEVER_SET", "%s was sold for %d cents, a price that it never had", p.code, cents(l.GetUnitPrice()))
		}
	}
	d.book.accept(o)
	return reply
}

// placeAgain sends an acknowledged order again: the same reply must come, and
// another body under the same request_id must be refused.
func (d *driver) placeAgain(rng *rand.Rand, o *order, req *orderv1.PlaceOrderRequest, first *orderv1.PlaceOrderResponse) {
	if !d.pause(rng, 5*time.Second) {
		return
	}
	d.tally.repeated()
	w := write{kind: "PlaceOrder again", requestID: o.place.requestID}
	if rng.IntN(5) == 0 {
		other := proto.CloneOf(req)
		other.Contact.LastName = "Byron"
		_, _ = callUntilKnown(d.caller, rng, "order", &w, func(ctx context.Context, k *endpoint) (*orderv1.PlaceOrderResponse, error) {
			return k.order.PlaceOrder(ctx, other)
		})
		if w.outcome == acknowledged || w.outcome == refused && w.reason != "REQUEST_ID_REUSED" {
			d.book.findf(o, "REQUEST_ID_REUSED", "another body under its request_id was not refused for that: %q", w.reason)
		}
		return
	}
	reply, err := callUntilKnown(d.caller, rng, "order", &w, func(ctx context.Context, k *endpoint) (*orderv1.PlaceOrderResponse, error) {
		return k.order.PlaceOrder(ctx, req)
	})
	switch {
	case w.outcome == refused:
		d.book.findf(o, "REPEAT_REFUSED", "PlaceOrder sent again was refused: %v", err)
	case err == nil && !proto.Equal(reply, first):
		d.book.findf(o, "REPEAT_DIFFERS", "PlaceOrder sent again answered %v, the first answer was %v", reply, first)
	}
}

// cancel cancels the order once, and sends that again now and then.
func (d *driver) cancel(rng *rand.Rand, o *order) {
	w := &write{kind: "CancelOrder", requestID: newID(rng)}
	o.cancels = append(o.cancels, w)
	req := &orderv1.CancelOrderRequest{RequestId: w.requestID, Id: o.id, Reason: w.requestID}
	call := func(ctx context.Context, k *endpoint) (*orderv1.CancelOrderResponse, error) {
		return k.order.CancelOrder(ctx, req)
	}
	first, err := callUntilKnown(d.caller, rng, "order", w, call)
	if err != nil || rng.IntN(3) > 0 || !d.pause(rng, 3*time.Second) {
		return
	}
	d.tally.repeated()
	again := write{kind: "CancelOrder again", requestID: w.requestID}
	reply, err := callUntilKnown(d.caller, rng, "order", &again, call)
	switch {
	case again.outcome == refused:
		d.book.findf(o, "REPEAT_REFUSED", "CancelOrder sent again was refused: %v", err)
	case err == nil && !proto.Equal(reply, first):
		d.book.findf(o, "REPEAT_DIFFERS", "CancelOrder sent again answered %v, the first answer was %v", reply, first)
	}
}

// afterSale is what happens to some of the confirmed orders.
func (d *driver) afterSale(rng *rand.Rand, o *order) {
	choice := rng.IntN(100)
	if choice >= 40 || !d.pause(rng, 2*time.Second) {
		return
	}
	switch {
	case choice < 8:
		d.cancel(rng, o)
	case choice < 16:
		d.refund(rng, o, 1+rng.Int64N(o.total))
	case choice < 20:
		d.refund(rng, o, 0)
	case choice < 24: // two refunds that together are too much
		most := o.total/2 + 1 + rng.Int64N(o.total/2)
		d.both(rng, func(rng *rand.Rand) { d.refund(rng, o, most) }, func(rng *rand.Rand) { d.refund(rng, o, most) })
	case choice < 28: // given back while it is cancelled
		part := 1 + rng.Int64N(o.total)
		d.both(rng, func(rng *rand.Rand) { d.refund(rng, o, part) }, func(rng *rand.Rand) { d.cancel(rng, o) })
	case choice < 32: // sent while it is cancelled
		d.both(rng, func(rng *rand.Rand) { d.ship(rng, o) }, func(rng *rand.Rand) { d.cancel(rng, o) })
	default:
		d.ship(rng, o)
		if choice >= 36 && d.pause(rng, time.Second) {
			d.deliver(rng, o)
		}
	}
}

func (d *driver) both(rng *rand.Rand, one, other func(rng *rand.Rand)) {
	a, b := rand.New(rand.NewPCG(rng.Uint64(), 3)), rand.New(rand.NewPCG(rng.Uint64(), 4))
	var group errgroup.Group
	group.Go(func() error { one(a); return nil })
	other(b)
	_ = group.Wait()
}

// refund gives money back, all that is left when amount is 0, and sends that again
// now and then.
func (d *driver) refund(rng *rand.Rand, o *order, amount int64) {
	r := &refund{write: write{kind: "RefundPayment", requestID: newID(rng)}, amount: amount}
	d.book.mu.Lock()
	o.refunds = append(o.refunds, r)
	d.book.mu.Unlock()
	req := &paymentv1.RefundPaymentRequest{RequestId: r.requestID, PaymentId: o.paymentID, Reason: r.requestID}
	if amount > 0 {
		req.Amount = euros(amount)
	}
	call := func(ctx context.Context, k *endpoint) (*paymentv1.RefundPaymentResponse, error) {
		return k.payment.RefundPayment(ctx, req)
	}
	first, err := callUntilKnown(d.caller, rng, "payment", &r.write, call)
	if err != nil {
		return
	}
	r.id, r.amount = first.GetRefund().GetId(), cents(first.GetRefund().GetAmount())
	if amount > 0 && r.amount != amount {
		d.book.findf(o, "REFUND_AMOUNT", "a refund of %d cents was answered with %d", amount, r.amount)
	}
	if rng.IntN(3) > 0 || !d.pause(rng, 3*time.Second) {
		return
	}
	d.tally.repeated()
	again := write{kind: "RefundPayment again", requestID: r.requestID}
	reply, err := callUntilKnown(d.caller, rng, "payment", &again, call)
	// A refund that was PENDING may have moved on; what it is has not changed.
	switch {
	case again.outcome == refused:
		d.book.findf(o, "REPEAT_REFUSED", "RefundPayment sent again was refused: %v", err)
	case err == nil && (reply.GetRefund().GetId() != r.id || cents(reply.GetRefund().GetAmount()) != r.amount):
		d.book.findf(o, "REPEAT_DIFFERS", "RefundPayment sent again answered %v, the first answer was %v", reply, first)
	}
}

// ship and deliver have no request_id: a second attempt is refused for the state
// that the first one brought, so that the check looks at the order itself.
func (d *driver) ship(rng *rand.Rand, o *order) {
	w := &write{kind: "ShipOrder", requestID: newID(rng)}
	o.ships = append(o.ships, w)
	_, _ = callUntilKnown(d.caller, rng, "order", w, func(ctx context.Context, k *endpoint) (*orderv1.ShipOrderResponse, error) {
		return k.order.ShipOrder(ctx, &orderv1.ShipOrderRequest{Id: o.id, Carrier: "Chaos", TrackingCode: w.requestID})
	})
}

func (d *driver) deliver(rng *rand.Rand, o *order) {
	w := &write{kind: "MarkOrderDelivered"}
	o.delivers = append(o.delivers, w)
	_, _ = callUntilKnown(d.caller, rng, "order", w, func(ctx context.Context, k *endpoint) (*orderv1.MarkOrderDeliveredResponse, error) {
		return k.order.MarkOrderDelivered(ctx, &orderv1.MarkOrderDeliveredRequest{Id: o.id})
	})
}
