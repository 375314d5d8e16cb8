package app

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/order/internal/store"
)

// change is a request of somebody to change one order.
type change struct {
	// rpc names the RPC in idempotency records.
	rpc string
	// requestID is uuid.Nil when the caller gave none.
	requestID uuid.UUID
	orderID   uuid.UUID
	etag      string
	// done, when set, reports that the order is as the request wants it already: a
	// request that is repeated after a lost answer gets the order as it is.
	done func(*domain.Order) bool
	// decide makes the change.
	decide func(*domain.Order) (domain.Decision, error)
}

// changed makes a change and answers with the order; the same request id gets the
// first answer again, which is stored with the change, hence a message.
func changed[Req, Res proto.Message](
	ctx context.Context, s *Orders, c change, request Req, empty Res, answer func(*domain.Order, []domain.Entry) Res,
) (Res, error) {
	var none Res
	run := func(ctx context.Context, tx *pg.Tx) (res Res, err error) {
		order, history, err := s.change(ctx, tx, c)
		if err != nil {
			return res, err
		}
		return answer(order, history), nil
	}
	if authz.Caller(ctx).GuestOrder != nil {
		// A guest is named by the order's id, whatever their token's MAC is: whose token does
		// not open the order, or no more, gets no stored answer either.
		if _, _, err := s.Get(ctx, c.orderID); err != nil {
			return none, err
		}
	}
	if c.requestID == uuid.Nil {
		var res Res
		err := s.Pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) (err error) {
			res, err = run(ctx, tx)
			return err
		})
		return res, err
	}
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: c.rpc, RequestID: c.requestID}
	res, err := idempotency.Run(ctx, s.Pool.Hot(), key, request, empty, func(ctx context.Context, tx *pg.Tx) (Res, error) {
		res, err := run(ctx, tx)
		if err != nil {
			return res, err
		}
		return res, store.On(tx).AddRequest(ctx, c.orderID, key)
	})
	if fault.ReasonOf(err) != fault.ReasonRequestIDReused {
		return res, err
	}
	return replayErased(ctx, s, c, key, request, empty, err)
}

// replayErased answers a request whose stored copy was blanked by an erasure: it is
// the same when it is so without what people typed into it.
func replayErased[Req, Res proto.Message](
	ctx context.Context, s *Orders, c change, key idempotency.Key, request Req, empty Res, reused error,
) (Res, error) {
	var none Res
	order, _, err := store.On(s.Pool).GetOrder(ctx, c.orderID)
	if err != nil {
		return none, err
	}
	records, err := idempotency.Lookup(ctx, s.Pool, []idempotency.Key{key})
	if err != nil {
		return none, err
	}
	record, known := records[key]
	if order == nil || !order.Erased() || !known {
		return none, reused
	}
	answer, _ := empty.ProtoReflect().New().Interface().(Res)
	if err := record.Reply(blankRequest(request), answer); err != nil {
		return none, err
	}
	return answer, nil
}

// change locks an order of the caller's, has it decided and stored, and returns it
// with its whole history.
func (s *Orders) change(ctx context.Context, tx *pg.Tx, c change) (*domain.Order, []domain.Entry, error) {
	ids := []uuid.UUID{c.orderID}
	found, err := store.On(tx).LockOrders(ctx, domain.LoadSpec{Orders: ids, Lines: ids, Refunds: ids})
	if err != nil {
		return nil, nil, err
	}
	order := found[c.orderID]
	if err := s.readable(ctx, c.orderID, order); err != nil {
		return nil, nil, err
	}
	if c.done != nil && c.done(order) {
		activity.Unchanged(ctx)
	} else {
		if err := order.CheckEtag(c.etag); err != nil {
			return nil, nil, err
		}
		var before *orderv1.Order
		if activity.Recording(ctx) {
			before = protoconv.Order(order, nil)
		}
		decision, err := c.decide(order)
		if err != nil {
			return nil, nil, err
		}
		if before != nil {
			activity.Changed(ctx, "orders/"+c.orderID.String(), before, protoconv.Order(order, nil))
		}
		if err := s.save(ctx, tx, []domain.Decided{{Order: order, Decision: decision}}); err != nil {
			return nil, nil, err
		}
	}
	history, err := store.On(tx).History(ctx, c.orderID)
	return order, history, err
}
