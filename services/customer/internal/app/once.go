package app

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/idempotency"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// once runs create, which returns the id of what it made, unless the same request was
// answered before; then it returns the id of that time. Without a request id it always
// runs. Errors: REQUEST_ID_REUSED, create's.
//
// What is kept of a request is its digest, and of the answer the id: requests and
// answers hold a person's data, which an erasure would have to find and blank here
// too. A repeated request is therefore answered with what is stored by then, and after
// an erasure with blanks.
func (s *Customers) once(ctx context.Context, rpc string, requestID uuid.UUID, request proto.Message,
	create func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error),
) (uuid.UUID, error) {
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(request)
	if err != nil {
		return uuid.Nil, fmt.Errorf("read the request of %s: %w", rpc, err)
	}
	digest := sha256.Sum256(text)
	key := idempotency.Key{Caller: authz.Caller(ctx).Key(), RPC: rpc, RequestID: requestID}
	made, err := idempotency.RunOptional(ctx, s.Pool.Hot(), key, wrapperspb.Bytes(digest[:]), wrapperspb.Bytes(nil),
		func(ctx context.Context, tx *pg.Tx) (*wrapperspb.BytesValue, error) {
			id, err := create(ctx, tx)
			return wrapperspb.Bytes(id[:]), err
		})
	if err != nil {
		return uuid.Nil, err
	}
	return uuid.FromBytes(made.GetValue())
}
