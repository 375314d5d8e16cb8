package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
)

// Load is what calls at a rate got.
type Load struct {
	Reads  Calls `json:"reads"`
	Writes Calls `json:"writes"`
}

// Calls are those of one RPC.
type Calls struct {
	Made   int            `json:"made"`
	Failed int            `json:"failed"`
	Errors map[string]int `json:"errors,omitempty"`
	// P50, P99 and Max are milliseconds.
	P50 float64 `json:"p50"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`

	took []time.Duration
}

func (c *Calls) add(took time.Duration, err error) {
	c.Made++
	c.took = append(c.took, took)
	if err != nil {
		c.Failed++
		if c.Errors == nil {
			c.Errors = map[string]int{}
		}
		c.Errors[fmt.Sprintf("%.120s", err)]++
	}
}

func (c *Calls) measure() {
	if len(c.took) == 0 {
		return
	}
	slices.Sort(c.took)
	of := func(part float64) float64 {
		return float64(c.took[min(int(part*float64(len(c.took))), len(c.took)-1)].Microseconds()) / 1000
	}
	c.P50, c.P99, c.Max = of(0.5), of(0.99), of(1)
}

// load calls at a steady rate, whether or not the calls before are answered: GetProduct, and
// PlaceOrder for a part of them. Nothing is repeated.
func load(ctx context.Context, args []string) (any, error) {
	var to target
	var rate, writes float64
	var duration time.Duration
	var product string
	var grpc bool
	if err := parse("load", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.Float64Var(&rate, "rate", 40, "calls a second")
		f.Float64Var(&writes, "writes", 0.5, "the part of them that places orders")
		f.DurationVar(&duration, "for", 30*time.Second, "how long")
		f.StringVar(&product, "product", "KI-MUG-INK", "the product's code")
		f.BoolVar(&grpc, "grpc", false, "over gRPC in place of Connect")
	}); err != nil {
		return nil, err
	}
	client, err := to.client(true)
	if err != nil {
		return nil, err
	}
	var options []connecthttp.Option
	if grpc {
		options = append(options, connecthttp.WithGRPC())
	}
	by := connect.NewClient(connecthttp.NewTransport(client, to.url, options...))
	products, orders := catalogv1connect.NewProductServiceClient(by), orderv1connect.NewOrderServiceClient(by)
	var made Load
	var mu sync.Mutex
	var all sync.WaitGroup
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	written := 0.0
	for end, n := time.After(duration), 0; ; n++ {
		select {
		case <-ticker.C:
		case <-end:
			all.Wait()
			made.Reads.measure()
			made.Writes.measure()
			return made, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		write := float64(n)*writes >= written
		if write && writes > 0 {
			written++
		} else {
			write = false
		}
		all.Go(func() {
			began := time.Now()
			if !write {
				_, err := products.GetProduct(ctx, &catalogv1.GetProductRequest{Code: product})
				mu.Lock()
				defer mu.Unlock()
				made.Reads.add(time.Since(began), err)
				return
			}
			_, err := orders.PlaceOrder(ctx, orderOf(uuid.NewString(), product, "sandbox_ok"))
			mu.Lock()
			defer mu.Unlock()
			made.Writes.add(time.Since(began), err)
		})
	}
}

// orderOf is a guest's order of one product; the e-mail holds the request's id.
func orderOf(id, product, method string) *orderv1.PlaceOrderRequest {
	return &orderv1.PlaceOrderRequest{
		RequestId: id, PaymentMethod: method,
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "guest-" + id + "@example.com"},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "W1", Locality: "London", AddressLines: []string{"12 St James's Square"}},
		Lines:           []*orderv1.OrderLineRequest{{ProductCode: product, Quantity: 1}},
	}
}
