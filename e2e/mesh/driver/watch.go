package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/token"
)

// Watched is what one watcher saw of its order.
type Watched struct {
	// Versions are those of the entries, in the order in which they came.
	Versions []int64 `json:"versions"`
	// Broken is when the stream ended, each time, and Ends counts why.
	Broken []time.Time    `json:"broken,omitempty"`
	Ends   map[string]int `json:"ends,omitempty"`
	// Resumed is the longest time in milliseconds from an end until the next stream was served:
	// until it brought the entry that was seen last, which it is asked for again.
	Resumed int64  `json:"resumed"`
	Error   string `json:"error,omitempty"`
}

// watch places an order for each watcher and watches it by gRPC for a time, each on a
// connection of its own; then the order is cancelled, which must be seen, too.
func watch(ctx context.Context, args []string) (any, error) {
	var to target
	var n int
	var lasts lasting
	var product string
	if err := parse("watch", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.IntVar(&n, "n", 50, "how many watchers")
		lasts.flags(f, time.Minute, "how long until the orders are cancelled")
		f.StringVar(&product, "product", "KI-MUG-INK", "the product's code")
	}); err != nil {
		return nil, err
	}
	watched, over := make([]Watched, n), lasts.over()
	var all sync.WaitGroup
	for i := range watched {
		all.Go(func() {
			if err := watchOne(ctx, to, product, over, &watched[i]); err != nil {
				watched[i].Error = err.Error()
			}
		})
	}
	all.Wait()
	return watched, nil
}

func watchOne(ctx context.Context, to target, product string, over <-chan struct{}, seen *Watched) error {
	client, err := to.client(true)
	if err != nil {
		return err
	}
	client.Timeout = 0 // streams
	transport := connecthttp.NewTransport(client, to.url, connecthttp.WithGRPC())
	placed, err := placeSoon(ctx, orderv1connect.NewOrderServiceClient(connect.NewClient(transport)), orderOf(uuid.NewString(), product))
	if err != nil {
		return fmt.Errorf("place: %w", err)
	}
	orders := orderv1connect.NewOrderServiceClient(connect.NewClient(transport, token.Show(placed.GetGuestToken())))
	id := placed.GetOrder().GetId()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		select {
		case <-over:
			defer time.AfterFunc(time.Minute, stop) // by then the last entry has been seen
			cancelOrder(ctx, orders, id)
		case <-ctx.Done():
		}
	}()
	var ended time.Time
	for {
		over, err := follow(ctx, orders, id, seen, &ended)
		if over || ctx.Err() != nil {
			return ctx.Err()
		}
		if seen.Ends == nil {
			seen.Ends = map[string]int{}
		}
		seen.Ends[fmt.Sprintf("%.120v", err)]++
		seen.Broken = append(seen.Broken, time.Now())
		if ended.IsZero() {
			ended = time.Now()
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// placeSoon places an order once fewer orders of this network wait for their payment.
func placeSoon(ctx context.Context, orders orderv1connect.OrderServiceClient, request *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error) {
	for {
		placed, err := orders.PlaceOrder(ctx, request)
		if connect.CodeOf(err) != connect.CodeResourceExhausted {
			return placed, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, err
		}
	}
}

// cancelOrder cancels an order, as often as it takes: the request_id makes it one.
func cancelOrder(ctx context.Context, orders orderv1connect.OrderServiceClient, id string) {
	request := &orderv1.CancelOrderRequest{Id: id, RequestId: uuid.NewString()}
	for {
		if _, err := orders.CancelOrder(ctx, request); err == nil || ctx.Err() != nil {
			return
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

// follow reads one stream. It reports that the order's last state came. A stream that goes on after
// another asks for the entry that was seen last once more, which is due at once: when it comes, the
// stream is served. It is no repetition, and left out.
func follow(ctx context.Context, orders orderv1connect.OrderServiceClient, id string, seen *Watched, ended *time.Time) (bool, error) {
	last := int64(0)
	if n := len(seen.Versions); n > 0 {
		last = seen.Versions[n-1]
	}
	stream, err := orders.WatchOrder(ctx, &orderv1.WatchOrderRequest{Id: id, AfterVersion: max(last-1, 0)})
	if err != nil {
		return false, err
	}
	for first := true; ; first = false {
		message, err := stream.Receive()
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = errors.New("the stream ended without an error")
			}
			return false, err
		}
		if !ended.IsZero() {
			seen.Resumed = max(seen.Resumed, time.Since(*ended).Milliseconds())
			*ended = time.Time{}
		}
		version := message.GetEntry().GetVersion()
		if first && last > 0 && version == last {
			continue
		}
		seen.Versions = append(seen.Versions, version)
		if message.GetEntry().GetState() == orderv1.OrderState_ORDER_STATE_CANCELLED {
			return true, nil
		}
	}
}
