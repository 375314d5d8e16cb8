package idempotency

import (
	"context"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/pg"
)

// RunOptional is Run for an RPC whose request_id is optional: without one (uuid.Nil)
// each call is a request of its own, and nothing is stored.
func RunOptional[Res proto.Message](ctx context.Context, pool *pg.Pool, key Key, req proto.Message, empty Res,
	fn func(ctx context.Context, tx *pg.Tx) (Res, error),
) (Res, error) {
	if key.RequestID != uuid.Nil {
		return Run(ctx, pool, key, req, empty, fn)
	}
	var res Res
	err := pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		var err error
		res, err = fn(ctx, tx)
		return err
	})
	return res, err
}
