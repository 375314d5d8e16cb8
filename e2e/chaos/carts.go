package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// cart is what somebody means to buy, as they remember it.
type cart struct {
	rng    *rand.Rand
	member *member // nil for a guest's
	token  string  // of a guest's
	id     string
	etag   string
	lines  []line
	merged bool // into another, so that it is no more
	lost   bool // it is not known any more what is in it
}

func (d *driver) newCart(rng *rand.Rand, m *member) *cart {
	c := &cart{rng: rng, member: m}
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	d.book.carts = append(d.book.carts, c)
	return c
}

// cartEvery is how often a guest begins a cart.
const cartEvery = 700 * time.Millisecond

// carts has guests fill carts and order them until selling ends.
func (d *driver) carts(selling context.Context) {
	d.each(selling, cartEvery, atOnceEvery, d.guestWithCart)
}

// atOnceEvery is of how many carts one is ordered twice at the same time.
const atOnceEvery = 5

func (d *driver) guestWithCart(serial uint64) {
	c := d.beginCart(d.random(cartStream | serial))
	for range c.rng.IntN(3) {
		d.changeCart(c)
	}
	switch email := fmt.Sprintf("cart%d", serial); {
	case c.lost:
	case serial%atOnceEvery == 0:
		d.orderCartAtOnce(c, email)
	default:
		d.orderCart(c, email+"@example.com")
	}
}

// withCart calls as the cart's owner until the answer is known.
func withCart[T any](d *driver, c *cart, w *write, call func(context.Context, *endpoint) (T, error)) (T, error) {
	if c.member != nil {
		return asMember(d, c.member, "order", w, call)
	}
	return callUntilKnown(d.public, c.rng, "order", w, func(ctx context.Context, k *endpoint) (T, error) {
		return call(showing(ctx, c.token), k)
	})
}

// findCart notes a finding about a cart.
func (d *driver) findCart(c *cart, kind, format string, args ...any) {
	c.lost = true
	d.book.find(finding{kind: kind, subject: "cart " + c.id, message: fmt.Sprintf(format, args...)})
}

// beginCart puts a first product into a new cart of a guest. Sent again, the request is
// answered with the same cart and the same token.
func (d *driver) beginCart(rng *rand.Rand) *cart {
	c, first := d.newCart(rng, nil), d.anyLine(rng)
	req := &orderv1.SetCartItemRequest{ProductCode: d.products[first.product].code, Quantity: &first.quantity, RequestId: newID(rng)}
	call := func(ctx context.Context, k *endpoint) (*orderv1.SetCartItemResponse, error) {
		return k.cart.SetCartItem(ctx, req)
	}
	w := &write{kind: "SetCartItem", requestID: req.GetRequestId()}
	res, err := callUntilKnown(d.public, rng, "order", w, call)
	if err != nil {
		d.cartUnanswered(c, w)
		return c
	}
	c.id, c.token = res.GetCart().GetId(), res.GetCartToken()
	if !strings.HasPrefix(c.token, "sm_ct_") {
		d.findCart(c, "CART_TOKEN", "the cart was begun with the token %.6q", c.token)
	}
	d.takeCart(c, res.GetCart(), []line{first})
	if rng.IntN(3) > 0 {
		return c
	}
	d.tally.repeated()
	again := &write{kind: "SetCartItem again", requestID: w.requestID}
	reply, err := callUntilKnown(d.public, rng, "order", again, call)
	if again.outcome == refused || err == nil && (reply.GetCart().GetId() != c.id || reply.GetCartToken() != c.token) {
		d.findCart(c, "REPEAT_DIFFERS", "SetCartItem sent again answered the cart %q (%v)", reply.GetCart().GetId(), err)
	}
	return c
}

func (d *driver) cartUnanswered(c *cart, w *write) {
	c.lost = true
	if w.outcome == unknown {
		d.findCart(c, "NEVER_ANSWERED", "%s had no answer after the faults were over", w.kind)
	}
}

// anyLine draws a product of which there is plenty.
func (d *driver) anyLine(rng *rand.Rand) line { return line{rng.IntN(plenty), 1 + rng.Int32N(3)} }

// productOf is the product of a code; nil when nobody made it.
func (d *driver) productOf(code string) *product {
	i := slices.IndexFunc(d.products, func(p *product) bool { return p.code == code })
	if i < 0 {
		return nil
	}
	return d.products[i]
}

// takeCart compares a cart with what has to be in it, and goes on with it.
func (d *driver) takeCart(c *cart, got *orderv1.Cart, want []line) {
	c.id, c.etag, c.lines = got.GetId(), got.GetEtag(), want
	if difference := differFromCart(d.products, want, got); difference != "" {
		d.findCart(c, "CART_DIFFERS", "%s", difference)
	}
}

// differFromCart names the first difference between what was put into a cart and what is in it.
func differFromCart(products []*product, want []line, got *orderv1.Cart) string {
	lines := make([]*orderv1.OrderLine, len(got.GetLines()))
	for i, l := range got.GetLines() {
		lines[i] = &orderv1.OrderLine{ProductCode: l.GetProductCode(), Quantity: l.GetQuantity()}
	}
	if len(got.GetUnavailableCodes()) > 0 {
		return fmt.Sprintf("nothing was archived, and %v can't be ordered", got.GetUnavailableCodes())
	}
	return differ(products, want, lines)
}

func (d *driver) readCart(c *cart) (*orderv1.Cart, error) {
	res, err := withCart(d, c, &write{kind: "GetCart"}, func(ctx context.Context, k *endpoint) (*orderv1.GetCartResponse, error) {
		return k.cart.GetCart(ctx, &orderv1.GetCartRequest{})
	})
	return res.GetCart(), err
}

// changeCart changes one line. It names the etag, so that an attempt that arrives late
// changes nothing.
func (d *driver) changeCart(c *cart) {
	if c.lost {
		return
	}
	set, etag := d.anyLine(c.rng), c.etag
	after := slices.Clone(c.lines)
	switch at := slices.IndexFunc(after, func(l line) bool { return l.product == set.product }); {
	case at < 0:
		after = append(after, set)
	case len(after) > 1 && c.rng.IntN(2) == 0:
		set.quantity = 0
		after = slices.Delete(after, at, at+1)
	default:
		set.quantity += after[at].quantity // another one
		after[at] = set
	}
	w := &write{kind: "SetCartItem"}
	res, err := withCart(d, c, w, func(ctx context.Context, k *endpoint) (*orderv1.SetCartItemResponse, error) {
		return k.cart.SetCartItem(ctx, &orderv1.SetCartItemRequest{ProductCode: d.products[set.product].code, Quantity: &set.quantity, Etag: etag})
	})
	switch {
	case err == nil:
		d.takeCart(c, res.GetCart(), after)
	case w.reason == "ETAG_MISMATCH" && w.lost > 0: // an attempt without an answer did it
		got, err := d.readCart(c)
		if err != nil {
			c.lost = true
			return
		}
		d.takeCart(c, got, after)
	case w.reason != "":
		d.findCart(c, "CART_REFUSED", "SetCartItem was refused: %v", err)
	default:
		d.cartUnanswered(c, w)
	}
	if c.lost || c.rng.IntN(4) > 0 {
		return
	}
	stale := &write{kind: "SetCartItem again"}
	_, err = withCart(d, c, stale, func(ctx context.Context, k *endpoint) (*orderv1.SetCartItemResponse, error) {
		return k.cart.SetCartItem(ctx, &orderv1.SetCartItemRequest{ProductCode: d.products[0].code, Quantity: proto.Int32(99), Etag: etag})
	})
	switch {
	case stale.reason == "ETAG_MISMATCH":
		d.tally.rightlyRefused("SetCartItem with a stale etag")
	case stale.outcome != unknown:
		d.findCart(c, "NOT_REFUSED", "SetCartItem with a stale etag was answered with %v", err)
	}
}

// cartOrder is an order of what is in a cart.
func (d *driver) cartOrder(c *cart, email string) (*order, *orderv1.PlaceOrderRequest) {
	o, req := d.plainOrder(c.rng, email)
	o.lines, o.member, o.guest = slices.Clone(c.lines), c.member, c.member == nil
	req.Lines, req.CartToken = nil, c.token
	d.book.begin(o)
	return o, req
}

// orderCart orders a cart, which is empty then. The same request sent again answers the same
// order and leaves alone what was put into the cart since.
func (d *driver) orderCart(c *cart, email string) {
	o, req := d.cartOrder(c, email)
	first := d.placeUntilKnown(c.rng, o, req)
	if first == nil {
		c.lost = true
		return
	}
	if c.member != nil {
		c.member.orders = append(c.member.orders, o)
	}
	got, err := d.readCart(c)
	if err != nil {
		c.lost = true
		return
	}
	d.takeCart(c, got, nil)
	if c.rng.IntN(2) == 0 {
		return
	}
	if d.changeCart(c); c.lost {
		return
	}
	d.tally.repeated()
	w := &write{kind: "PlaceOrder again", requestID: o.place.requestID}
	switch again, err := d.sendOrder(c.rng, o, w, req); {
	case w.outcome == refused:
		d.book.findf(o, "REPEAT_REFUSED", "PlaceOrder of a cart sent again was refused: %v", err)
	case err == nil && !proto.Equal(again, first):
		d.book.findf(o, "REPEAT_DIFFERS", "PlaceOrder of a cart sent again answered %v, the first answer was %v", again, first)
	}
	if got, err = d.readCart(c); err == nil {
		d.takeCart(c, got, c.lines)
	}
}

// orderCartAtOnce orders a guest's cart by two requests at once: one of them gets it.
func (d *driver) orderCartAtOnce(c *cart, name string) {
	const empty = "INVALID_FIELD"
	one, oneReq := d.cartOrder(c, name+"-one@example.com")
	two, twoReq := d.cartOrder(c, name+"-two@example.com")
	one.mayRefuse, two.mayRefuse = empty, empty
	d.both(c.rng,
		func(rng *rand.Rand) { d.placeUntilKnown(rng, one, oneReq) },
		func(rng *rand.Rand) { d.placeUntilKnown(rng, two, twoReq) })
	c.lines = nil
	if one.place.outcome == unknown || two.place.outcome == unknown {
		c.lost = true
		return
	}
	switch acks([]*write{&one.place, &two.place}) {
	case 0:
		d.findCart(c, "CART_NOT_ORDERED", "two requests ordered it at once, and both were refused")
	case 1:
		d.tally.rightlyRefused("PlaceOrder of a cart that another request ordered")
	default:
		d.findCart(c, "CART_ORDERED_TWICE", "two requests ordered it at once, as %s and %s", one.id, two.id)
	}
}

// mergeCarts merges guests' carts into that of the member, and orders it. Twice is once,
// also at the same time, and two carts at the same time lose nothing.
func (d *driver) mergeCarts(m *member) {
	own := d.newCart(m.rng, m)
	got, err := d.readCart(own)
	if err != nil {
		own.lost = true
		return
	}
	d.takeCart(own, got, nil)
	guests := []*cart{d.beginCart(m.rng)}
	d.changeCart(guests[0])
	ids := []string{newID(m.rng), newID(m.rng)}
	switch m.rng.IntN(3) {
	case 0: // one request twice
		guests, ids[1] = append(guests, guests[0]), ids[0]
	case 1: // two requests of one cart
		guests = append(guests, guests[0])
	case 2:
		guests = append(guests, d.beginCart(m.rng))
	}
	if m.rng.IntN(2) == 0 {
		d.changeCart(own)
	}
	if own.lost || guests[0].lost || guests[1].lost {
		return
	}
	if !d.mergeAtOnce(m, guests, ids) {
		own.lost, guests[0].lost, guests[1].lost = true, true, true
		return
	}
	guests[0].merged, guests[1].merged = true, true
	want := own.lines
	for i, c := range guests {
		if i == 0 || c != guests[0] {
			want = merged(want, c.lines)
		}
	}
	if got, err = d.readCart(own); err != nil {
		own.lost = true
		return
	}
	d.takeCart(own, got, inOrderOf(d.products, got, want))
	for _, c := range guests {
		w := &write{kind: "GetCart again"}
		_, err := callUntilKnown(d.public, m.rng, "order", w, func(ctx context.Context, k *endpoint) (*orderv1.GetCartResponse, error) {
			return k.cart.GetCart(showing(ctx, c.token), &orderv1.GetCartRequest{})
		})
		d.mustBeRefused(m, "GetCart of a merged cart", err, "CART_NOT_FOUND")
	}
	if !own.lost {
		d.orderCart(own, m.name+"-cart@example.com")
	}
}

// mergeAtOnce sends two requests to merge at the same time, until both are known.
func (d *driver) mergeAtOnce(m *member, guests []*cart, ids []string) bool {
	if !d.enter(m) {
		return false
	}
	shown, expired := m.session.text, make([]bool, len(guests))
	merge := func(c *cart, id string) func(context.Context, *endpoint) (*orderv1.MergeCartResponse, error) {
		return func(ctx context.Context, k *endpoint) (*orderv1.MergeCartResponse, error) {
			return k.cart.MergeCart(ctx, &orderv1.MergeCartRequest{CartToken: c.token, RequestId: id})
		}
	}
	writes := []*write{{kind: "MergeCart", requestID: ids[0]}, {kind: "MergeCart", requestID: ids[1]}}
	one := func(i int) func(rng *rand.Rand) {
		return func(rng *rand.Rand) {
			call := merge(guests[i], ids[i])
			_, err := callUntilAnswered(d.public, rng, "order", writes[i], func(ctx context.Context, k *endpoint) (*orderv1.MergeCartResponse, error) {
				return call(showing(ctx, shown), k)
			})
			switch {
			case reasonOf(err) == reasonExpired:
				expired[i] = true
			case err == nil:
				d.record(writes[i], acknowledged, "")
			case final(err):
				d.record(writes[i], refused, reasonOf(err))
			}
		}
	}
	d.both(m.rng, one(0), one(1))
	for i := range guests {
		if expired[i] {
			m.session.expire = time.Time{}
			_, _ = asMember(d, m, "order", writes[i], merge(guests[i], ids[i]))
		}
		if d.unanswered(m, writes[i]); writes[i].outcome != acknowledged {
			return false
		}
	}
	return true
}

// merged is what is in a cart once another was merged into it.
func merged(into, from []line) []line {
	all := slices.Clone(into)
	for _, l := range from {
		if at := slices.IndexFunc(all, func(have line) bool { return have.product == l.product }); at >= 0 {
			all[at].quantity += l.quantity
			continue
		}
		all = append(all, l)
	}
	return all
}

// inOrderOf sorts lines as a cart has them: which of two merges came first is not known.
func inOrderOf(products []*product, got *orderv1.Cart, lines []line) []line {
	place := func(l line) int {
		return slices.IndexFunc(got.GetLines(), func(have *orderv1.CartLine) bool { return have.GetProductCode() == products[l.product].code })
	}
	sorted := slices.Clone(lines)
	slices.SortStableFunc(sorted, func(a, b line) int { return place(a) - place(b) })
	return sorted
}
