package idempotency

import (
	"context"
	"crypto/sha256"
	"fmt"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/pg"
)

// Once runs create, which returns the id of what it made, unless the same request was answered
// before; then it returns the id of that time. Without a request id (uuid.Nil) it always runs.
//
// What is kept of a request is its digest, and of the answer the id: for requests and answers
// that hold a person's data, which an erasure would have to find and blank here, too, or a
// secret, which is to be kept nowhere. So the caller answers a repeated request with what is
// stored by then.
func Once(ctx context.Context, pool *pg.Pool, key Key, req proto.Message, create func(ctx context.Context, tx *pg.Tx) (uuid.UUID, error)) (uuid.UUID, error) {
	text, err := marshal(req)
	if err != nil {
		return uuid.Nil, fmt.Errorf("read the request of %s: %w", key.RPC, err)
	}
	digest := sha256.Sum256(text)
	made, err := RunOptional(ctx, pool, key, wrapperspb.Bytes(digest[:]), wrapperspb.Bytes(nil),
		func(ctx context.Context, tx *pg.Tx) (*wrapperspb.BytesValue, error) {
			id, err := create(ctx, tx)
			return wrapperspb.Bytes(id[:]), err
		})
	if err != nil {
		return uuid.Nil, err
	}
	return uuid.FromBytes(made.GetValue())
}
