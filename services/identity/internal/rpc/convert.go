package rpc

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

func toAPISigningKey(key domain.SigningKey) *identityv1.SigningKey {
	return &identityv1.SigningKey{
		Kid: key.KID, Jwk: string(key.PublicJWK),
		CreateTime: timestamppb.New(key.CreateTime), ActivateTime: timestamppb.New(key.ActivateTime),
		RetireTime: toAPITime(key.RetireTime), ExpireTime: toAPITime(key.ExpireTime),
	}
}

// toAPITime returns nil for the zero time.
func toAPITime(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}
