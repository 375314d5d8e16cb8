package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// placeRPC names the RPC in idempotency records.
const placeRPC = "PlaceOrder"

// Placer accepts orders. Those that come at the same time share a
// transaction; each has its own outcome.
type Placer struct {
	orders    *Orders
	products  *Products
	collector *batch.Collector[placing, *orderv1.PlaceOrderResponse]
}

// placing is an order on its way into a batch.
type placing struct {
	key       idempotency.Key
	request   *orderv1.PlaceOrderRequest
	placement domain.Placement
	// cause is the caller's; its time becomes that of the batch.
	cause domain.Cause
	// guest is the e-mail address of a guest, in the form that compares; empty for a
	// customer.
	guest string
	// capped reports that the caller's unpaid orders are counted.
	capped bool
	// lookedUp reports that the products that order does not know were looked up in catalog.
	lookedUp bool
}

// productsUnknown is the outcome of an order with products that order does not
// know yet: they are looked up in catalog, outside of any transaction.
type productsUnknown struct{ codes []string }

func (e *productsUnknown) Error() string {
	return "products not known yet: " + strings.Join(e.codes, ", ")
}

// NewPlacer starts the collector; Close ends it.
func NewPlacer(orders *Orders, products *Products) *Placer {
	p := &Placer{orders: orders, products: products}
	p.collector = batch.New(batch.Config{Workers: 1, Max: 128, Wait: time.Millisecond, Rest: 10 * time.Millisecond}, p.run)
	return p
}

// Close places the orders that wait, and refuses others.
func (p *Placer) Close() { p.collector.Close() }

// Place accepts an order; the same request gets the first answer again. The
// answer is stored with the order, hence a message. Errors: those of Price,
// PRICE_CHANGED, PAYMENT_METHOD_UNKNOWN, PAYMENT_METHOD_UNFIT, CUSTOMER_ERASED, TOO_MANY_UNPAID_ORDERS,
// REQUEST_ID_REUSED, ORDERS_BACKLOGGED, PERMISSION_DENIED for somebody else's customer id.
func (p *Placer) Place(
	ctx context.Context, requestID uuid.UUID, request *orderv1.PlaceOrderRequest, placement domain.Placement,
) (*orderv1.PlaceOrderResponse, error) {
	caller := authz.Caller(ctx)
	customer, err := customerOf(caller, placement.CustomerID)
	if err != nil {
		return nil, err
	}
	placement.CustomerID = customer
	in := placing{
		key:     idempotency.Key{Caller: caller.Key(), RPC: placeRPC, RequestID: requestID},
		request: request, placement: placement, cause: p.orders.cause(ctx), capped: caller.Kind != authz.Service && !caller.May(optionsv1.Permission_PERMISSION_ORDERS_WRITE),
	}
	if customer == uuid.Nil {
		in.guest = grammar.EmailKey(placement.Contact.Email)
	}
	if err := p.orders.Backlog.check(ctx); err != nil {
		return nil, err
	}
	response, err := p.collect(ctx, in)
	var unknown *productsUnknown
	if !errors.As(err, &unknown) {
		return response, err
	}
	if err := p.products.Learn(ctx, unknown.codes); err != nil {
		return nil, err
	}
	in.lookedUp = true
	return p.collect(ctx, in)
}

func (p *Placer) collect(ctx context.Context, in placing) (*orderv1.PlaceOrderResponse, error) {
	response, err := p.collector.Do(ctx, in.collectorKey(), in)
	if errors.Is(err, batch.ErrFull) {
		return nil, domain.ErrBacklogged().RetryAbout(time.Second).Because(err)
	}
	return response, err
}

// collectorKey has the orders of one customer or guest whose unpaid ones are
// counted placed one after the other, so that the count holds; others go by their
// request.
func (in placing) collectorKey() uuid.UUID {
	if !in.capped {
		return in.key.RequestID
	}
	if in.placement.CustomerID != uuid.Nil {
		return in.placement.CustomerID
	}
	return uuid.NewHash(sha256.New(), uuid.NameSpaceURL, []byte("mailto:"+in.guest), 8)
}

// customerOf is for whom an order is: a customer orders for themselves, staff
// who may write orders for anyone, others as guests.
func customerOf(caller authz.Identity, given uuid.UUID) (uuid.UUID, error) {
	if caller.Kind == authz.Customer {
		own, err := uuid.Parse(caller.ID)
		if err != nil {
			return uuid.Nil, fmt.Errorf("the customer's id %q is no UUID: %w", caller.ID, err)
		}
		if given == uuid.Nil || given == own {
			return own, nil
		}
	}
	if given == uuid.Nil || caller.May(optionsv1.Permission_PERMISSION_ORDERS_WRITE) {
		return given, nil
	}
	if caller.Kind == authz.Anonymous {
		return uuid.Nil, fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated,
			"sign in to order as a customer, or leave customer_id empty to order as a guest").
			Field("customer_id", "must be empty for a guest")
	}
	return uuid.Nil, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
		"you can't place an order for customer %s: leave customer_id empty or give your own", given).
		Field("customer_id", "must be your own")
}
