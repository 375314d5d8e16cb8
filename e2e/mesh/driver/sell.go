package main

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// Sold is what became of the orders of sell.
type Sold struct {
	Orders []Ordered `json:"orders"`
	// Calls are those that placed orders, and Failed counts those without an order as their
	// answer, by the error's code.
	Calls  int            `json:"calls"`
	Failed map[string]int `json:"failed,omitempty"`
}

// seller places orders and keeps what became of them.
type seller struct {
	by      guest
	product string
	// patience is how long an order is tried to be placed, and to be read at the end.
	patience time.Duration
	// reading bounds how many are read at once.
	reading chan struct{}

	mu   sync.Mutex
	sold Sold
}

// sell places orders at a rate until it is told to end, each as a client that repeats its
// request, with the same request_id, until it is answered. Then it reads each order until it
// is confirmed or cancelled.
func sell(ctx context.Context, args []string) (any, error) {
	var to target
	var rate float64
	s := &seller{reading: make(chan struct{}, 8), sold: Sold{Failed: map[string]int{}}}
	if err := parse("sell", args, func(f *flag.FlagSet) {
		to.flags(f)
		f.Float64Var(&rate, "rate", 3, "orders a second")
		f.StringVar(&s.product, "product", "KI-MUG-INK", "the product's code")
		f.DurationVar(&s.patience, "patience", 2*time.Minute, "how long an order is tried to be placed, and to be read at the end")
	}); err != nil {
		return nil, err
	}
	guests, err := guestsOf(to, "")
	if err != nil {
		return nil, err
	}
	s.by = guests[0]
	ticker := time.NewTicker(time.Duration(float64(time.Second) / rate))
	defer ticker.Stop()
	var selling sync.WaitGroup
	for ctx.Err() == nil {
		select {
		case <-ticker.C:
			selling.Go(func() { s.sellOne(ctx) })
		case <-ctx.Done():
		}
	}
	selling.Wait()
	return s.sold, nil
}

// sellOne places an order and, once ctx ends, reads what became of it.
func (s *seller) sellOne(ctx context.Context) {
	began := time.Now()
	id := uuid.NewString()
	made := Ordered{Protocol: s.by.protocol, Email: "guest-" + id + "@example.com"}
	placed, err := s.place(context.WithoutCancel(ctx), orderOf(id, s.product))
	made.Millis = time.Since(began).Milliseconds()
	if err == nil {
		made.Number = placed.GetOrder().GetNumber()
		<-ctx.Done()
		s.reading <- struct{}{}
		defer func() { <-s.reading }()
		made.State, err = s.finalState(context.WithoutCancel(ctx), placed)
	}
	if err != nil {
		made.Error = err.Error()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sold.Orders = append(s.sold.Orders, made)
}

func (s *seller) place(ctx context.Context, request *orderv1.PlaceOrderRequest) (*orderv1.PlaceOrderResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for {
		placed, err := s.by.place(ctx, request)
		s.mu.Lock()
		s.sold.Calls++
		if err != nil {
			s.sold.Failed[connect.CodeOf(err).String()]++
		}
		s.mu.Unlock()
		if err == nil || pause(ctx, 500*time.Millisecond) != nil {
			return placed, err
		}
	}
}

// finalState reads an order until nothing is awaited of it any more.
func (s *seller) finalState(ctx context.Context, placed *orderv1.PlaceOrderResponse) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	for {
		got, err := s.by.get(ctx, placed.GetOrder().GetId(), placed.GetGuestToken())
		if state := stateOf(got.GetOrder()); err == nil && settled(state) {
			return state, nil
		}
		if pause(ctx, time.Second) == nil {
			continue
		}
		if err != nil {
			return "", fmt.Errorf("read the order: %w", err)
		}
		return stateOf(got.GetOrder()), nil
	}
}

// pause waits; its error says that ctx ended before.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
