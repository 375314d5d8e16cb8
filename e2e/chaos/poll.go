package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// watch follows an order by its stream, and opens it again where it broke.
func (d *driver) watch(o *order) {
	ctx, cancel := context.WithTimeout(d.patience, 20*time.Second)
	defer cancel()
	rng := d.random(uint64(len(o.email)))
	for ctx.Err() == nil {
		after := int64(0)
		if n := len(o.watched); n > 0 {
			after = o.watched[n-1]
		}
		ended := d.receive(ctx, rng, o, after)
		if ended || sleep(ctx, 300*time.Millisecond) != nil {
			return
		}
	}
}

// receive notes what one stream sends; it returns whether the stream came to its end.
func (d *driver) receive(ctx context.Context, rng *rand.Rand, o *order, after int64) bool {
	from := d.caller
	if o.guest {
		from, ctx = d.public, showing(ctx, o.token)
	}
	stream, err := from.pick("order", rng).order.WatchOrder(ctx, &orderv1.WatchOrderRequest{Id: o.id, AfterVersion: after})
	if err != nil {
		return false
	}
	defer func() { _ = stream.Close() }()
	for {
		res, err := stream.Receive()
		if err != nil {
			return errors.Is(err, io.EOF)
		}
		v := res.GetEntry().GetVersion()
		if n := len(o.watched); n > 0 && v <= o.watched[n-1] {
			d.book.findf(o, "WATCH_WENT_BACK", "WatchOrder sent version %d after %d", v, o.watched[n-1])
		}
		o.watched = append(o.watched, v)
	}
}

// follow polls which orders are under way, until patience ends or
// selling is over and none is.
func (d *driver) follow() {
	for sleep(d.patience, 300*time.Millisecond) == nil {
		d.poll(d.patience)
	}
}

// poll reads from the shop which orders are under way; what left the list is read by
// itself.
func (d *driver) poll(ctx context.Context) {
	d.polling.Lock()
	defer d.polling.Unlock()
	before := d.book.followed()
	if len(before) == 0 {
		return
	}
	polled := time.Now()
	oldest := polled
	for _, o := range before {
		if o.placeTime.Before(oldest) {
			oldest = o.placeTime
		}
	}
	seen := map[string]orderv1.OrderState{}
	// AWAITING_PAYMENT first: what moves on between the two lists is in neither, and
	// read by itself.
	for _, state := range []orderv1.OrderState{awaiting, placed} {
		filter := fmt.Sprintf("state = %s AND create_time >= %q", short(state), oldest.UTC().Format(time.RFC3339Nano))
		for token := ""; ; {
			once, cancel := context.WithTimeout(ctx, 3*time.Second)
			res, err := d.observers[rand.IntN(len(d.observers))].order.ListOrders(once, &orderv1.ListOrdersRequest{PageSize: 1000, PageToken: token, Filter: filter})
			cancel()
			if err != nil {
				return
			}
			for _, o := range res.GetOrders() {
				seen[o.GetId()] = o.GetState()
			}
			if token = res.GetNextPageToken(); token == "" {
				break
			}
		}
	}
	var group errgroup.Group
	group.SetLimit(16)
	failed := false
	var mu sync.Mutex
	for id, o := range before {
		if state, ok := seen[id]; ok {
			d.book.see(o, state)
			continue
		}
		group.Go(func() error {
			once, cancel := context.WithTimeout(ctx, 3*time.Second)
			defer cancel()
			res, err := d.observers[rand.IntN(len(d.observers))].order.GetOrder(once, &orderv1.GetOrderRequest{Id: id})
			switch {
			case err == nil:
				d.book.see(o, res.GetOrder().GetState())
			case final(err):
				d.book.findf(o, "ORDER_LOST", "an acknowledged order can't be read: %v", err)
				d.book.see(o, cancelled)
			default:
				mu.Lock()
				failed = true
				mu.Unlock()
			}
			return nil
		})
	}
	_ = group.Wait()
	if !failed {
		d.book.mu.Lock()
		d.book.pollTime = polled
		d.book.mu.Unlock()
	}
}
