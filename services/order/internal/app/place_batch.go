package app

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// placeAttempts bounds how often a batch that met another writer is tried again:
// one who placed the same request meanwhile, or drew the same number.
const placeAttempts = 3

type placed = batch.Result[placedOrder]

// run places a batch. When it can't be placed together, its orders are placed one
// by one, so that what is wrong with one never fails another.
func (p *Placer) run(ctx context.Context, in []placing) []placed {
	results, err := p.try(ctx, in)
	if err == nil {
		return results
	}
	if len(in) > 1 && !pg.Transient(err) && ctx.Err() == nil {
		for i := range in {
			results[i] = p.run(ctx, in[i:i+1])[0]
		}
		return results
	}
	for i := range results {
		results[i] = placed{Err: err}
	}
	return results
}

// try places a batch in one transaction.
func (p *Placer) try(ctx context.Context, in []placing) ([]placed, error) {
	var results []placed
	var err error
	for range placeAttempts {
		err = p.orders.Pool.Hot().InTx(activity.Batch(ctx), func(ctx context.Context, tx *pg.Tx) error {
			results = make([]placed, len(in))
			set, want := p.orders.Settings.Now(), specOf(in)
			want.UnpaidSince = p.orders.Now().Add(-set.LongestUnpaid())
			known, err := store.On(tx).LoadPlacing(ctx, want)
			if err != nil {
				return err
			}
			b := placingBatch{orders: p.orders, settings: set, known: known, results: results, answered: known.Answered}
			for i := range in {
				b.place(ctx, i, in[i])
			}
			return b.store(ctx, tx)
		})
		if violated := pg.Violated(err); violated != "idempotency_pkey" && violated != "orders_number_key" {
			break
		}
	}
	if results == nil {
		results = make([]placed, len(in))
	}
	return results, err
}

// specOf gathers what the orders of a batch have to know.
func specOf(in []placing) store.PlaceSpec {
	var want store.PlaceSpec
	for _, next := range in {
		want.Keys = append(want.Keys, next.key)
		if !next.cart.IsZero() {
			want.Carts = append(want.Carts, next.cart)
		}
		for _, line := range next.placement.Lines {
			want.Codes = append(want.Codes, line.Code)
		}
		customer := next.placement.CustomerID
		switch {
		case customer != uuid.Nil && next.capped:
			want.CappedCustomers = append(want.CappedCustomers, customer)
			fallthrough
		case customer != uuid.Nil:
			want.Customers = append(want.Customers, customer)
		case next.capped:
			want.CappedGuests = append(want.CappedGuests, next.key.Caller)
		}
	}
	slices.Sort(want.Codes)
	want.Codes = slices.Compact(want.Codes)
	slices.Sort(want.CappedGuests)
	want.CappedGuests = slices.Compact(want.CappedGuests)
	return want
}

// placingBatch decides the orders of a batch, one after the other.
type placingBatch struct {
	orders   *Orders
	settings domain.Settings
	known    store.PlaceState
	results  []placed
	answered map[idempotency.Key]idempotency.Record
	accepted []domain.Decided
	records  []idempotency.Record
	ordered  []*domain.Cart
}

func (b *placingBatch) place(ctx context.Context, i int, in placing) {
	if first, again := b.answered[in.key]; again {
		response := &orderv1.PlaceOrderResponse{}
		err := first.Reply(in.request, response)
		if fault.ReasonOf(err) == fault.ReasonRequestIDReused {
			// An erasure blanked what is stored; contact and address are never missing else.
			err = first.Reply(blankRequest(in.request), response)
		}
		if err != nil {
			b.results[i].Err = namingOrder(err, first)
			return
		}
		b.results[i].Value = placedOrder{response: response, again: true}
		return
	}
	if err := b.takeCart(&in); err != nil {
		b.results[i].Err = err
		return
	}
	if unknown := b.unknownCodes(in); len(unknown) > 0 && !in.lookedUp {
		b.results[i].Err = &productsUnknown{codes: unknown}
		return
	}
	at := in.cause
	at.Time = b.orders.Now()
	order, decision, err := domain.Place(in.placement, b.input(in), at)
	if err != nil {
		b.results[i].Err = err
		return
	}
	response := &orderv1.PlaceOrderResponse{Order: protoconv.Order(order, decision.History)}
	record, err := idempotency.NewRecord(in.key, in.request, response)
	if err != nil {
		b.results[i].Err = err
		return
	}
	b.results[i].Value = placedOrder{response: response}
	activity.ChangedBy(ctx, in.call, "orders/"+order.ID().String(), nil, nil)
	if cart := b.known.Carts[in.cart]; cart != nil {
		cart.Ordered(order.ID(), b.orders.NewID(), at.Time)
		b.ordered = append(b.ordered, cart)
	}
	b.answered[in.key] = record
	b.records = append(b.records, record)
	b.accepted = append(b.accepted, domain.Decided{Order: order, Decision: decision})
	b.count(in)
}

// namingOrder adds to the refusal of a request id that came with another request which order
// it made: of two tabs the second one leads to it.
func namingOrder(err error, first idempotency.Record) error {
	refused, ok := fault.Of(err)
	made := &orderv1.PlaceOrderResponse{}
	if !ok || refused.Reason() != fault.ReasonRequestIDReused || proto.Unmarshal(first.Response, made) != nil {
		return err
	}
	return refused.With("order_id", made.GetOrder().GetId())
}

// takeCart makes what is in the cart, where one is ordered, the lines of the order.
func (b *placingBatch) takeCart(in *placing) error {
	if in.cart.IsZero() {
		return nil
	}
	cart := b.known.Carts[in.cart]
	usable := cart != nil && cart.Usable(b.orders.Now())
	if !usable && in.cart.Customer() == uuid.Nil {
		return domain.ErrCartNotFound()
	}
	if !usable || len(cart.Lines()) == 0 {
		return domain.ErrNothingToOrder("the cart is empty: put something into it first")
	}
	in.placement.Lines = cart.Lines()
	return nil
}

// count counts an accepted order among those that wait for their payment.
func (b *placingBatch) count(in placing) {
	if in.placement.CustomerID != uuid.Nil {
		b.known.CustomersUnpaid[in.placement.CustomerID]++
		return
	}
	b.known.GuestsUnpaid[in.key.Caller]++
}

func (b *placingBatch) unknownCodes(in placing) []string {
	var unknown []string
	for _, line := range in.placement.Lines {
		if _, ok := b.known.Products[line.Code]; !ok && !slices.Contains(unknown, line.Code) {
			unknown = append(unknown, line.Code)
		}
	}
	return unknown
}

func (b *placingBatch) input(in placing) domain.PlaceInput {
	input := domain.PlaceInput{
		OrderID: b.orders.NewID(), PaymentID: b.orders.NewID(), Number: domain.Number(b.orders.Random()),
		Products: b.known.Products, PaymentMethods: b.settings.PaymentMethods,
		CustomerErased: b.known.Erased[in.placement.CustomerID], Retry: b.settings.Retry,
	}
	if in.capped {
		input.MaxUnpaid = b.settings.MaxUnpaid
		input.Unpaid = b.known.GuestsUnpaid[in.key.Caller]
		if in.placement.CustomerID != uuid.Nil {
			input.Unpaid = b.known.CustomersUnpaid[in.placement.CustomerID]
		}
	}
	return input
}

// store queues all that was accepted. Request ids are inserted in their order, so
// that two batches of two replicas never wait for each other.
func (b *placingBatch) store(ctx context.Context, tx *pg.Tx) error {
	if len(b.accepted) == 0 {
		return nil
	}
	requests := make([]idempotency.Key, len(b.records))
	for i, record := range b.records {
		requests[i] = record.Key
	}
	slices.SortFunc(b.records, compareRecords)
	if err := idempotency.Save(ctx, tx, b.records); err != nil {
		return err
	}
	if err := store.On(tx).InsertOrders(ctx, b.accepted, requests); err != nil {
		return err
	}
	if len(b.ordered) > 0 {
		if err := store.On(tx).SaveOrderedCarts(ctx, b.ordered, b.orders.Now()); err != nil {
			return err
		}
	}
	return b.orders.publish(ctx, tx, b.accepted)
}

// compareRecords orders records by request id, then by caller.
func compareRecords(x, y idempotency.Record) int {
	return cmp.Or(bytes.Compare(x.RequestID[:], y.RequestID[:]), strings.Compare(x.Caller, y.Caller))
}
