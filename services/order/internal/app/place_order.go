package app

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/batch"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// placeRPC names the RPC in idempotency records.
const placeRPC = "PlaceOrder"

// Placer accepts orders. Those that come at the same time share a
// transaction; each has its own outcome.
type Placer struct {
	orders    *Orders
	products  *Products
	collector *batch.Collector[placing, placedOrder]
}

// placing is an order on its way into a batch.
type placing struct {
	key       idempotency.Key
	request   *orderv1.PlaceOrderRequest
	placement domain.Placement
	// cause is the caller's; its time becomes that of the batch.
	cause domain.Cause
	// call is the caller's where the activity log records it; nil where not.
	call *activity.Call
	// cart is the one that is ordered; zero when the request has lines.
	cart store.CartRef
	// capped reports that the caller's unpaid orders are counted.
	capped bool
	// lookedUp reports that the products that order does not know were looked up in catalog.
	lookedUp bool
}

// placedOrder is the answer to a request, and whether it was given before.
type placedOrder struct {
	response *orderv1.PlaceOrderResponse
	again    bool
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
// PRICE_CHANGED, PAYMENT_METHOD_UNKNOWN, PAYMENT_METHOD_UNFIT, CART_NOT_FOUND, CUSTOMER_ERASED,
// TOO_MANY_UNPAID_ORDERS, REQUEST_ID_REUSED, ORDERS_BACKLOGGED, PERMISSION_DENIED for
// somebody else's customer id.
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
		request: request, placement: placement, cause: p.orders.cause(ctx), call: activity.CallOf(ctx),
		capped: caller.Kind != authz.Service && !caller.May(optionsv1.Permission_PERMISSION_ORDERS_WRITE),
	}
	if in.cart, err = orderedCart(caller, request); err != nil {
		return nil, err
	}
	if request.GetCartToken() != "" { // it is stored with the answer
		in.request = proto.CloneOf(request)
		in.request.CartToken = hidden(in.cart)
	}
	in.key = idempotency.Key{RPC: placeRPC, RequestID: requestID}
	if in.key.Caller, err = p.orders.Tokens.callerKey(ctx, in.cart); err != nil {
		return nil, err
	}
	if err := p.orders.Backlog.check(ctx); err != nil {
		return nil, err
	}
	var answer placedOrder
	err = p.products.learning(ctx, func(lookedUp bool) (err error) {
		in.lookedUp = lookedUp
		answer, err = p.collect(ctx, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	answer.response.GuestToken, err = p.guestToken(ctx, answer)
	return answer.response, err
}

// orderedCart is the cart that a request orders: none when it has lines.
func orderedCart(caller authz.Identity, request *orderv1.PlaceOrderRequest) (store.CartRef, error) {
	switch {
	case len(request.GetLines()) > 0 && request.GetCartToken() != "":
		return store.CartRef{}, fault.Fields(fault.Violation{Field: "cart_token", Description: "must be empty when there are lines: an order is of one or the other"})
	case len(request.GetLines()) > 0:
		return store.CartRef{}, nil
	case request.GetCartToken() != "":
		return cartByToken(request.GetCartToken())
	}
	cart, err := cartOf(caller)
	if err == nil && cart.IsZero() {
		err = domain.ErrNothingToOrder(fmt.Sprintf("must be 1 to %d lines, or cart_token must name a cart", domain.MaxLines))
	}
	return cart, err
}

// guestToken is the token of a guest's order; empty for a customer's. It is derived from
// the order, which can be claimed or erased when the answer is given again.
func (p *Placer) guestToken(ctx context.Context, answer placedOrder) (string, error) {
	if answer.response.GetOrder().GetCustomerId() != "" {
		return "", nil
	}
	id, err := uuid.Parse(answer.response.GetOrder().GetId())
	if err != nil {
		return "", fmt.Errorf("the answer names no order: %w", err)
	}
	if !answer.again {
		return p.orders.Tokens.order(ctx, id, domain.FirstGuestVersion)
	}
	order, _, err := store.On(p.orders.Pool.Hot()).GetOrder(ctx, id)
	if err != nil || order == nil {
		return "", err
	}
	return p.orders.Tokens.ofOrder(ctx, order, p.orders.Now())
}

// collect places an order with others. Requests go by their id: unpaid orders of one caller
// are counted within the batch, and the collector's one worker runs batches one after the
// other, so that the count holds in this process. Each replica counts what is committed: at
// the same moment each may admit a caller's last one.
func (p *Placer) collect(ctx context.Context, in placing) (placedOrder, error) {
	answer, err := p.collector.Do(ctx, in.key.RequestID, in)
	if errors.Is(err, batch.ErrFull) {
		return answer, domain.ErrBacklogged().RetryAbout(time.Second).Because(err)
	}
	return answer, err
}

// customerOf is for whom an order is: a customer orders for themselves, staff
// who may write orders for anyone, others as guests.
func customerOf(caller authz.Identity, given uuid.UUID) (uuid.UUID, error) {
	if caller.Kind == authz.Customer {
		own, err := customerID(caller)
		if err != nil {
			return uuid.Nil, err
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
