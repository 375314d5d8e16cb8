package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"sync/atomic"
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
	// LastFailed is when the last call was made that failed.
	LastFailed time.Time `json:"lastFailed"`
	// PerSecond are those that succeeded, from the first call to the last answer.
	PerSecond float64 `json:"perSecond"`
	// Took has the milliseconds of each, in the order of their answers.
	Took []float64 `json:"took"`
	// Slow is when those began that took more than a second, a hundred at most.
	Slow []time.Time `json:"slow,omitempty"`
}

func (c *Calls) add(began time.Time, err error) {
	took := time.Since(began)
	c.Made++
	c.Took = append(c.Took, float64(took.Microseconds())/1000)
	if took > time.Second && len(c.Slow) < 100 {
		c.Slow = append(c.Slow, began)
	}
	if err != nil {
		c.Failed++
		if began.After(c.LastFailed) {
			c.LastFailed = began
		}
		if c.Errors == nil {
			c.Errors = map[string]int{}
		}
		c.Errors[fmt.Sprintf("%.120s", err)]++
	}
}

// load calls at a steady rate, whether or not the calls before are answered, or keeps so many
// calls under way: GetProduct, and PlaceOrder for a part of them. Nothing is repeated.
func load(ctx context.Context, args []string) (any, error) {
	var to target
	var rate, writes float64
	var lasts lasting
	var product string
	var grpc, follow bool
	var most, underWay int
	if err := parse("load", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.Float64Var(&rate, "rate", 40, "calls a second")
		f.Float64Var(&writes, "writes", 0.5, "the part of them that places orders")
		lasts.flags(f, 30*time.Second, "how long")
		f.IntVar(&most, "n", 0, "how many calls at most; 0 is as many as the time allows")
		f.StringVar(&product, "product", "KI-MUG-INK", "the product's code")
		f.BoolVar(&grpc, "grpc", false, "over gRPC in place of Connect")
		f.IntVar(&underWay, "under-way", 0, "how many calls are under way, each begun when one is answered, in place of a rate")
		f.BoolVar(&follow, "follow", false, "read each order until it is confirmed; what is measured is placing it")
	}); err != nil {
		return nil, err
	}
	guests, err := guestsOf(to, "")
	if err != nil {
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
	add := func(to *Calls, began time.Time, err error) {
		mu.Lock()
		defer mu.Unlock()
		to.add(began, err)
	}
	call := func(write bool) {
		began := time.Now()
		if !write {
			_, err := products.GetProduct(ctx, &catalogv1.GetProductRequest{Code: product})
			add(&made.Reads, began, err)
			return
		}
		placed, err := orders.PlaceOrder(ctx, orderOf(uuid.NewString(), product))
		add(&made.Writes, began, err)
		for follow && err == nil && ctx.Err() == nil {
			// Seldom: these reads are not what is measured, and one that fails is made again.
			const every = 500 * time.Millisecond
			if _, failed := guests[0].follow(ctx, placed, every); failed == nil {
				break
			}
			select {
			case <-time.After(every):
			case <-ctx.Done():
			}
		}
	}
	began, over := time.Now(), lasts.over()
	// next begins the call n, if there is one more; the orders are spread evenly among the calls.
	next := func(n int, begin func(write bool)) bool {
		select {
		case <-over:
			return false
		case <-ctx.Done():
			return false
		default:
		}
		if most > 0 && n >= most {
			return false
		}
		begin(int(float64(n+1)*writes) > int(float64(n)*writes))
		return true
	}
	if underWay > 0 {
		var n atomic.Int64
		for range underWay {
			all.Go(func() {
				for next(int(n.Add(1))-1, call) {
				}
			})
		}
	} else {
		ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
		defer ticker.Stop()
		for n := 0; next(n, func(write bool) { all.Go(func() { call(write) }) }); n++ {
			<-ticker.C
		}
	}
	all.Wait()
	for _, c := range []*Calls{&made.Reads, &made.Writes} {
		c.PerSecond = float64(c.Made-c.Failed) / time.Since(began).Seconds()
	}
	return made, ctx.Err()
}

// orderOf is a guest's order of one product; the e-mail holds the request's id.
func orderOf(id, product string) *orderv1.PlaceOrderRequest {
	return &orderv1.PlaceOrderRequest{
		RequestId: id, PaymentMethod: "sandbox_ok",
		Contact:         &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "guest-" + id + "@example.com"},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "W1", Locality: "London", AddressLines: []string{"12 St James's Square"}},
		Lines:           []*orderv1.OrderLineRequest{{ProductCode: product, Quantity: 1}},
	}
}
