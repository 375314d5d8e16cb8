package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// linesPerOrder is how many products an order names.
const linesPerOrder = 3

// run is what one closed loop came to.
type run struct {
	window  int
	orders  int
	elapsed time.Duration
	cpu     usage
	place   []time.Duration // PlaceOrder, as the caller saw it, tries that were shed included
	shed    int             // how many of those tries there were
	mailed  []time.Duration // from the answer to PlaceOrder to the mail in SMTP's hands
}

func (r run) rate() float64 { return float64(r.orders) / r.elapsed.Seconds() }

// perOrder is CPU time per order in milliseconds.
func (r run) perOrder(d time.Duration) float64 {
	return float64(d.Microseconds()) / 1000 / float64(max(r.orders, 1))
}

// loop keeps window orders under way for a time: an order is under way from its
// PlaceOrder until its mail was handed to the SMTP server. Those of the first
// tenth of the time warm up and are not counted.
func (b *bench) loop(ctx context.Context, window int, duration time.Duration, rate float64) (run, error) {
	tokens := make(chan struct{}, window)
	for range window {
		tokens <- struct{}{}
	}
	placedAt := sync.Map{} // number → time of the answer
	r := run{window: window}
	var mu sync.Mutex
	var counting, counted time.Time
	var before usage
	done, mailed := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(mailed)
		for {
			select {
			case number := <-b.sink.mailed:
				now := time.Now()
				if at, ok := placedAt.LoadAndDelete(number); ok {
					mu.Lock()
					if !counting.IsZero() && counted.IsZero() {
						r.orders++
						r.mailed = append(r.mailed, now.Sub(at.(time.Time)))
					}
					mu.Unlock()
				}
				tokens <- struct{}{}
			case <-done:
				return
			}
		}
	}()

	placing, stop := context.WithTimeout(ctx, duration)
	defer stop()
	time.AfterFunc(duration/10, func() {
		u, err := measure(b.shop.pid(), b.shop.postmaster)
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			counting, before = time.Now(), u
		}
	})
	var pace <-chan time.Time
	if rate > 0 {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
		defer ticker.Stop()
		pace = ticker.C
	}
	group, groupCtx := errgroup.WithContext(placing)
	for range min(window, 256) {
		group.Go(func() error {
			for {
				if pace != nil {
					select {
					case <-groupCtx.Done():
						return nil
					case <-pace:
					}
				}
				select {
				case <-groupCtx.Done():
					return nil
				case <-tokens:
				}
				start := time.Now()
				number, shed, err := b.placeOrder(ctx, b.order())
				if err != nil {
					return fmt.Errorf("place an order: %w", err)
				}
				now := time.Now()
				placedAt.Store(number, now)
				mu.Lock()
				r.shed += shed
				if !counting.IsZero() {
					r.place = append(r.place, now.Sub(start))
				}
				mu.Unlock()
			}
		})
	}
	err := group.Wait()
	after, measureErr := measure(b.shop.pid(), b.shop.postmaster)
	mu.Lock()
	counted = time.Now()
	r.elapsed, r.cpu = counted.Sub(counting), after.minus(before)
	mu.Unlock()
	if err != nil || measureErr != nil {
		close(done)
		return r, fmt.Errorf("closed loop of %d: %w", window, firstOf(err, measureErr))
	}
	// The rest must come to its end, or the loop was no measurement of finished work.
	err = b.drain(ctx, &placedAt)
	close(done)
	<-mailed
	return r, err
}

// placeOrder places an order and returns its number. A call that is shed is made again after about
// a second, as clients do; shed is how often.
func (b *bench) placeOrder(ctx context.Context, order *orderv1.PlaceOrderRequest) (number string, shed int, err error) {
	for {
		res, err := b.shop.order.PlaceOrder(ctx, order)
		if connect.CodeOf(err) != connect.CodeResourceExhausted {
			return res.GetOrder().GetNumber(), shed, err
		}
		shed++
		select {
		case <-ctx.Done():
			return "", shed, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// drain waits until every placed order's mail has come.
func (b *bench) drain(ctx context.Context, placedAt *sync.Map) error {
	deadline := time.Now().Add(time.Minute)
	for {
		left := 0
		placedAt.Range(func(number, _ any) bool {
			// A mail may come before the answer to its order was read.
			if b.sink.has(number.(string)) {
				placedAt.Delete(number)
			} else {
				left++
			}
			return true
		})
		if left == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d orders have no mail after a minute", left)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// order is an order of three different products, uniformly drawn.
func (b *bench) order() *orderv1.PlaceOrderRequest {
	lines := make([]*orderv1.OrderLineRequest, 0, linesPerOrder)
	for len(lines) < linesPerOrder {
		code := b.pick()
		if !slices.ContainsFunc(lines, func(l *orderv1.OrderLineRequest) bool { return l.GetProductCode() == code }) {
			lines = append(lines, &orderv1.OrderLineRequest{ProductCode: code, Quantity: 1 + rand.Int32N(3)})
		}
	}
	return &orderv1.PlaceOrderRequest{
		RequestId:       uuid.NewString(),
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: fmt.Sprintf("ada%d@example.com", rand.IntN(1_000_000))},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "W1", Locality: "London", AddressLines: []string{"12 St James's Square"}},
		Lines:           lines,
		PaymentMethod:   "sandbox_ok",
	}
}

// percentile of durations, in milliseconds; sorts them.
func percentile(d []time.Duration, p float64) float64 {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return float64(d[min(len(d)-1, int(p*float64(len(d))))].Microseconds()) / 1000
}
