package app

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// once runs create, which returns the id of what it made, unless the caller's same request was
// answered before; then it returns the id of that time. Errors: REQUEST_ID_REUSED, create's.
func (a *Accounts) once(ctx context.Context, rpc string, requestID uuid.UUID, request proto.Message,
	create func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error),
) (uuid.UUID, error) {
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: rpc, RequestID: requestID}
	return idempotency.Once(ctx, a.Pool, key, request, create)
}
