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

// CreateCategory adds a category. The same request sent again under its request id
// gets its first answer; without an id it is a new request. Errors: INVALID_FIELD,
// CATEGORY_NAME_TAKEN, CATEGORY_NOT_FOUND for the parent, CATEGORY_CYCLE,
// REQUEST_ID_REUSED.
func CreateCategory[Res proto.Message](ctx context.Context, s *Categories, requestID uuid.UUID, request proto.Message,
	fields domain.CategoryFields, answer func(domain.CategorySnapshot) Res,
) (Res, error) {
	var category domain.Category
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: "CreateCategory", RequestID: requestID}
	res, err := idempotency.RunOptional(ctx, s.Pool.Hot(), key, request, answer(domain.CategorySnapshot{}),
		func(ctx context.Context, tx *pg.Tx) (Res, error) {
			var err error
			if category, err = create(ctx, store.On(tx), fields, s.Deps); err == nil {
				activity.Changed(ctx, "categories/"+category.Snapshot().ID.String(), nil, protoconv.Category(category.Snapshot()))
			}
			return answer(category.Snapshot()), err
		})
	if err != nil {
		var none Res
		return none, store.CategoryFault(err, category)
	}
	return res, nil
}

func create(ctx context.Context, st store.Store, fields domain.CategoryFields, deps Deps) (domain.Category, error) {
	if err := st.LockTree(ctx); err != nil {
		return domain.Category{}, err
	}
	place, err := st.PlaceBelow(ctx, fields.ParentID)
	if err != nil {
		return domain.Category{}, err
	}
	category, err := domain.NewCategory(fields, place, deps.NewID(), deps.Now())
	if err != nil {
		return domain.Category{}, err
	}
	return category, st.InsertCategory(ctx, category)
}
