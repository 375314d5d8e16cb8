package app

import (
	"context"

	"github.com/google/uuid"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// cancelRPC names the RPC in idempotency records.
const cancelRPC = "CancelOrder"

// Cancel ends an order because somebody asked for it; the same request gets the
// first answer again, which is stored with it, hence a message. Errors:
// ORDER_NOT_FOUND, ORDER_STATE, ETAG_MISMATCH, REQUEST_ID_REUSED.
func (s *Orders) Cancel(
	ctx context.Context, requestID, id uuid.UUID, request *orderv1.CancelOrderRequest,
) (*orderv1.CancelOrderResponse, error) {
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: cancelRPC, RequestID: requestID}
	return idempotency.Run(ctx, s.Pool.Hot(), key, request, &orderv1.CancelOrderResponse{},
		func(ctx context.Context, tx *pg.Tx) (*orderv1.CancelOrderResponse, error) {
			order, history, err := s.move(ctx, tx, id, request.GetEtag(), func(o *domain.Order) (domain.Changes, error) {
				return o.Cancel(request.GetReason(), s.Settings.Retry, s.cause(ctx))
			})
			if err != nil {
				return nil, err
			}
			return &orderv1.CancelOrderResponse{Order: protoconv.Order(order, history)}, nil
		})
}

// Shipping says how an order was sent.
type Shipping struct {
	Carrier      string
	TrackingCode string
}

// Ship says that a confirmed order was sent. Errors: ORDER_NOT_FOUND, ORDER_STATE,
// ETAG_MISMATCH.
func (s *Orders) Ship(ctx context.Context, id uuid.UUID, etag string, how Shipping) (*domain.Order, []domain.Entry, error) {
	return s.moveAlone(ctx, id, etag, func(o *domain.Order) (domain.Changes, error) {
		return o.Ship(s.NewID(), how.Carrier, how.TrackingCode, s.Settings.Retry, s.cause(ctx))
	})
}

// Deliver says that a shipped order arrived. Errors: ORDER_NOT_FOUND, ORDER_STATE,
// ETAG_MISMATCH.
func (s *Orders) Deliver(ctx context.Context, id uuid.UUID, etag string) (*domain.Order, []domain.Entry, error) {
	return s.moveAlone(ctx, id, etag, func(o *domain.Order) (domain.Changes, error) {
		return o.Deliver(s.cause(ctx))
	})
}

func (s *Orders) moveAlone(
	ctx context.Context, id uuid.UUID, etag string, decide func(*domain.Order) (domain.Changes, error),
) (order *domain.Order, history []domain.Entry, err error) {
	err = s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		order, history, err = s.move(ctx, tx, id, etag, decide)
		return err
	})
	return order, history, err
}

// move locks an order of the caller's, has it decided and stored, and returns it
// with its whole history.
func (s *Orders) move(
	ctx context.Context, tx *pg.Tx, id uuid.UUID, etag string, decide func(*domain.Order) (domain.Changes, error),
) (*domain.Order, []domain.Entry, error) {
	ids := []uuid.UUID{id}
	found, err := store.LockOrders(ctx, tx, domain.LoadSpec{Orders: ids, Lines: ids, Refunds: ids, Addresses: true})
	if err != nil {
		return nil, nil, err
	}
	order := found[id]
	if order == nil || !mayRead(ctx, order) {
		return nil, nil, domain.ErrOrderNotFound(id.String())
	}
	if err := order.CheckEtag(etag); err != nil {
		return nil, nil, err
	}
	shipment := order.Shipment
	changes, err := decide(order)
	if err != nil {
		return nil, nil, err
	}
	if order.Shipment != shipment {
		if err := store.SaveShipment(ctx, tx, order); err != nil {
			return nil, nil, err
		}
	}
	if err := s.save(ctx, tx, []domain.Changed{{Order: order, Changes: changes}}); err != nil {
		return nil, nil, err
	}
	history, err := store.History(ctx, tx, id)
	return order, history, err
}
