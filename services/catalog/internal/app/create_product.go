package app

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store"
)

// CreateProduct adds a product, and publishes it. It costs one round trip: the
// database refuses a code that is taken and a category that does not exist when it
// takes the row. The same request sent again under its request id gets its first
// answer; without an id it is a new request. Errors: INVALID_FIELD,
// PRODUCT_CODE_TAKEN, CATEGORY_NOT_FOUND, REQUEST_ID_REUSED.
func CreateProduct[Res proto.Message](ctx context.Context, s *Products, requestID uuid.UUID, request proto.Message,
	fields domain.ProductFields, answer func(domain.Listing) Res,
) (Res, error) {
	var none Res
	product, err := domain.NewProduct(fields, s.NewID(), s.Now())
	if err != nil {
		return none, err
	}
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: "CreateProduct", RequestID: requestID}
	res, err := idempotency.RunOptional(ctx, s.Pool.Hot(), key, request, answer(domain.Listing{}),
		func(ctx context.Context, tx *pg.Tx) (Res, error) {
			if err := store.On(tx).InsertProduct(ctx, product); err != nil {
				return none, err
			}
			activity.Changed(ctx, "products/"+product.Snapshot().ID.String(), nil, protoconv.Product(product.Snapshot()))
			return answer(domain.Listing{ProductSnapshot: product.Snapshot()}), s.publish(ctx, tx, product)
		})
	if err != nil {
		return none, s.failed(err, product)
	}
	return res, nil
}
