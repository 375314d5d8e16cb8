package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protojson"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/token"
)

// Ordered is what became of an order.
type Ordered struct {
	Protocol string `json:"protocol"`
	Number   string `json:"number,omitempty"`
	Email    string `json:"email"`
	State    string `json:"state,omitempty"`
	// Millis is how long it took from the request until the state was seen.
	Millis int64 `json:"millis"`
	// Seen is when that was.
	Seen  time.Time `json:"seen"`
	Error string    `json:"error,omitempty"`
}

// placeOrders places orders as guests, each over one of the protocols, and follows each until
// it is confirmed or cancelled.
func placeOrders(ctx context.Context, args []string) (any, error) {
	var to target
	var n int
	var product, trace, over string
	var patience time.Duration
	err := parse("orders", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.IntVar(&n, "n", 1, "how many orders over each protocol")
		f.StringVar(&product, "product", "KI-MUG-INK", "the product's code")
		f.StringVar(&over, "over", "connect,grpc,grpc-web,rest", "the protocols")
		f.StringVar(&trace, "trace", "", "the id of the trace that the orders are part of")
		f.DurationVar(&patience, "patience", time.Minute, "how long an order may take")
	})
	if err != nil {
		return nil, err
	}
	guests, err := guestsOf(to, trace)
	if err != nil {
		return nil, err
	}
	guests = slices.DeleteFunc(guests, func(g guest) bool { return !slices.Contains(strings.Split(over, ","), g.protocol) })
	results := make([]Ordered, n*len(guests))
	var all sync.WaitGroup
	free := make(chan struct{}, 8)
	for i := range results {
		all.Go(func() {
			free <- struct{}{}
			defer func() { <-free }()
			ctx, cancel := context.WithTimeout(ctx, patience)
			defer cancel()
			results[i] = order(ctx, guests[i%len(guests)], product)
		})
	}
	all.Wait()
	return results, nil
}

// verify places an order over each protocol, and fails when one is not confirmed.
func verify(ctx context.Context, args []string) (any, error) {
	result, err := placeOrders(ctx, args)
	if err != nil {
		return nil, err
	}
	orders, _ := result.([]Ordered)
	for _, o := range orders {
		if o.State != "CONFIRMED" {
			return nil, fmt.Errorf("an order over %s is %q: %s", o.Protocol, o.State, o.Error)
		}
	}
	return orders, nil
}

// guest places and reads orders over one protocol.
type guest struct {
	protocol string
	place    func(context.Context, *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error)
	get      func(ctx context.Context, id, token string) (*orderv1.GetOrderResponse, error)
}

// guestsOf returns one for each protocol, with connections of its own.
func guestsOf(to target, trace string) ([]guest, error) {
	var guests []guest
	for _, by := range []struct {
		protocol string
		http2    bool
		options  []connecthttp.Option
	}{
		{"connect", false, nil}, {"grpc", true, []connecthttp.Option{connecthttp.WithGRPC()}},
		{"grpc-web", false, []connecthttp.Option{connecthttp.WithGRPCWeb()}},
	} {
		client, err := to.client(by.http2)
		if err != nil {
			return nil, err
		}
		client.Transport = traced{client.Transport, trace}
		transport := connecthttp.NewTransport(client, to.url, by.options...)
		guests = append(guests, guest{by.protocol, orderv1connect.NewOrderServiceClient(connect.NewClient(transport)).PlaceOrder,
			func(ctx context.Context, id, guestToken string) (*orderv1.GetOrderResponse, error) {
				shown := orderv1connect.NewOrderServiceClient(connect.NewClient(transport, token.Show(guestToken)))
				return shown.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
			}})
	}
	client, err := to.client(false)
	if err != nil {
		return nil, err
	}
	client.Transport = traced{client.Transport, trace}
	return append(guests, restGuest(client, to.url)), nil
}

// traced makes requests part of a trace, if there is one.
type traced struct {
	next  http.RoundTripper
	trace string
}

// RoundTrip implements http.RoundTripper.
func (t traced) RoundTrip(r *http.Request) (*http.Response, error) {
	if t.trace != "" {
		r = r.Clone(r.Context())
		r.Header.Set("Traceparent", "00-"+t.trace+"-00f067aa0ba902b7-01")
	}
	return t.next.RoundTrip(r)
}

func restGuest(client *http.Client, url string) guest {
	call := func(ctx context.Context, method, path, shown string, body []byte, into func([]byte) error) error {
		req, err := http.NewRequestWithContext(ctx, method, url+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/json")
		if shown != "" {
			req.Header.Set("Authorization", "Bearer "+shown)
		}
		res, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		text, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		if err != nil {
			return err
		}
		if res.StatusCode != http.StatusOK {
			return fmt.Errorf("%d: %s", res.StatusCode, text)
		}
		return into(text)
	}
	return guest{
		"rest",
		func(ctx context.Context, order *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error) {
			body, err := protojson.Marshal(order)
			if err != nil {
				return nil, err
			}
			res := new(orderv1.PlaceOrderResponse)
			return res, call(ctx, http.MethodPost, "/v1/orders", "", body, func(text []byte) error { return protojson.Unmarshal(text, res) })
		},
		func(ctx context.Context, id, guestToken string) (*orderv1.GetOrderResponse, error) {
			res := &orderv1.GetOrderResponse{Order: new(orderv1.Order)}
			return res, call(ctx, http.MethodGet, "/v1/orders/"+id, guestToken, nil, func(text []byte) error { return protojson.Unmarshal(text, res) })
		},
	}
}

// order places one order and follows it.
func order(ctx context.Context, by guest, product string) Ordered {
	began := time.Now()
	id := uuid.NewString()
	made := Ordered{Protocol: by.protocol, Email: "guest-" + id + "@example.com"}
	placed, err := by.place(ctx, orderOf(id, product))
	if err == nil {
		var last *orderv1.Order
		last, err = by.follow(ctx, placed, 100*time.Millisecond)
		made.Number, made.State = last.GetNumber(), stateOf(last)
	}
	if err != nil {
		made.Error = err.Error()
	}
	made.Millis, made.Seen = time.Since(began).Milliseconds(), time.Now()
	return made
}

// follow reads an order every so often until its state is settled.
func (by guest) follow(ctx context.Context, placed *orderv1.PlaceOrderResponse, every time.Duration) (*orderv1.Order, error) {
	last := placed.GetOrder()
	for {
		got, err := by.get(ctx, last.GetId(), placed.GetGuestToken())
		if err != nil {
			return last, err
		}
		if last = got.GetOrder(); settled(stateOf(last)) {
			return last, nil
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
			return last, ctx.Err()
		}
	}
}

// stateOf is the name of an order's state.
func stateOf(order *orderv1.Order) string {
	return strings.TrimPrefix(order.GetState().String(), "ORDER_STATE_")
}

// settled reports that a state is one that an order keeps when nobody calls.
func settled(state string) bool {
	return state != "PLACED" && state != "AWAITING_PAYMENT"
}
