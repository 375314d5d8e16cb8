package app

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/inventory/internal/store"
)

// Adjustment adds to or takes from what is on hand.
type Adjustment struct {
	RequestID   uuid.UUID
	ProductCode string
	Delta       int64
	Reason      string
}

// errNoStock means that a product has no stock row here.
var errNoStock = errors.New("the product is not known here")

// Adjust changes what is on hand, writes the ledger and publishes the level. The
// same request sent again gets its first answer; request and answer are the
// messages that are compared and kept. A product that was not known yet is
// looked up in the catalog. Errors: INVALID_FIELD, PRODUCT_NOT_FOUND,
// STOCK_INSUFFICIENT, STOCK_TOO_LARGE, REQUEST_ID_REUSED, UNAVAILABLE when the
// catalog would have to be queried and is away.
func Adjust[Res proto.Message](
	ctx context.Context, s *Stocks, a Adjustment, request proto.Message, answer func(domain.Stock) Res,
) (Res, error) {
	var none Res
	if err := grammar.Text(a.Reason, domain.MaxReasonLength); err != nil {
		return none, fault.Fields(fault.Breaks("reason", err))
	}
	res, err := adjust(ctx, s, a, request, answer)
	if !errors.Is(err, errNoStock) {
		return res, err
	}
	if err := s.addFromCatalog(ctx, a.ProductCode); err != nil {
		return none, err
	}
	return adjust(ctx, s, a, request, answer)
}

func adjust[Res proto.Message](
	ctx context.Context, s *Stocks, a Adjustment, request proto.Message, answer func(domain.Stock) Res,
) (Res, error) {
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: "AdjustStock", RequestID: a.RequestID}
	return idempotency.Run(ctx, s.Pool.Hot(), key, request, answer(domain.Stock{}), func(ctx context.Context, tx *pg.Tx) (Res, error) {
		after, err := s.adjust(ctx, tx, a)
		return answer(after), err
	})
}

func (s *Stocks) adjust(ctx context.Context, tx *pg.Tx, a Adjustment) (domain.Stock, error) {
	before, known, err := store.On(tx).LockStockByCode(ctx, a.ProductCode)
	if err != nil {
		return domain.Stock{}, err
	}
	if !known {
		return domain.Stock{}, errNoStock
	}
	cause := domain.Cause{Time: s.Now(), Actor: actor(ctx), TraceID: traceID(ctx)}
	after, movement, err := before.Adjust(a.Delta, a.Reason, cause)
	if err != nil {
		return domain.Stock{}, err
	}
	if err := store.On(tx).UpdateStock(ctx, cause.Time, after); err != nil {
		return domain.Stock{}, err
	}
	if err := store.On(tx).InsertMovements(ctx, cause.Time, movement); err != nil {
		return domain.Stock{}, err
	}
	activity.Changed(ctx, "stock/"+after.ProductID().String(), protoconv.Stock(before), protoconv.Stock(after))
	return after, s.publishLevelsOf(ctx, tx, after)
}

// addFromCatalog makes stock for a product that the catalog knows.
func (s *Stocks) addFromCatalog(ctx context.Context, code string) error {
	product, ok, err := s.Catalog.ByCode(ctx, code)
	if err != nil {
		return err
	}
	if !ok {
		return domain.ErrProductNotFound("product_code", code)
	}
	return s.Pool.Hot().InTx(activity.Without(ctx), func(ctx context.Context, tx *pg.Tx) error {
		return s.AddProducts(ctx, tx, []domain.Product{product})
	})
}

// actor is who calls: the id, or the kind of caller where it has none.
func actor(ctx context.Context) string {
	caller := authz.Caller(ctx)
	if caller.ID != "" {
		return caller.ID
	}
	return caller.Kind.String()
}

// traceID is the call's trace in hex; empty when it has none.
func traceID(ctx context.Context) string {
	span := trace.SpanContextFromContext(ctx)
	if !span.HasTraceID() {
		return ""
	}
	return span.TraceID().String()
}
