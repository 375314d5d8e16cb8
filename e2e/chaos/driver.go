package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// driver is the shop's customers and staff.
type driver struct {
	*caller           // as the owner
	public    *caller // as nobody, until a call shows a token
	seed      uint64
	token     string // of the owner
	book      *book
	mailbox   *mailbox
	replicas  func() []*replica
	products  []*product
	window    chan struct{}      // one token for each order that may be under way
	observers []*endpoint        // ways to call order that nothing disturbs
	stop      context.CancelFunc // ends the clients' patience
	polling   sync.Mutex         // one poll at a time, so that none overtakes another
	healed    chan struct{}      // closed when the faults are over
}

// methods are the sandbox's and Stripe's, by how often they are used. Slow ones are
// many, so that there are always orders in the middle of their way.
var methods = []string{
	"sandbox_slow", "sandbox_slow", "sandbox_slow", "sandbox_slow", "sandbox_slow", "sandbox_ok", "sandbox_ok", "sandbox_ok",
	"sandbox_unknown_then_ok", "sandbox_declined", "sandbox_unknown_then_declined",
	"pm_card_visa", "pm_card_visa", "pm_card_pendingRefund", "pm_card_chargeDeclined", stripesPage,
}

// stripesPage is the method of which a customer pays on Stripe's page: by a card, by a debit that
// is taken or fails, or not at all, as the fake's chance has it.
const stripesPage = "stripe_checkout"

// byStripe reports that Stripe takes the money of a method.
func byStripe(method string) bool { return method == stripesPage || strings.HasPrefix(method, "pm_") }

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
	following.Go(func() { d.mailbox.follow(d.patience) })
	for i := range 2 {
		others.Go(func() { d.count(selling, uint64(i)) })
	}
	others.Go(func() { d.reprice(selling) })
	others.Go(func() { d.signUps(selling) })
	others.Go(func() { d.invitations(selling) })
	others.Go(func() { d.carts(selling) })
	others.Go(func() { d.changeSettings(selling) })
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
	if o.guest && rng.IntN(20) == 0 {
		beside.Go(func() { d.readAsGuest(rand.New(rand.NewPCG(rng.Uint64(), 5)), o) })
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
