package rpc

import (
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
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

// readEmail reads an address; what was sent stays out of the error.
func readEmail(field, text string) (domain.Email, error) {
	email, err := domain.ParseEmail(text)
	if err != nil {
		return domain.Email{}, fault.Fields(fault.Breaks(field, err))
	}
	return email, nil
}

func readID(field, text string) (uuid.UUID, error) {
	id, err := grammar.UUID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Breaks(field, err))
	}
	return id, nil
}

// readRequestID reads the id of a request; uuid.Nil where there is none.
func readRequestID(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	id, err := grammar.RequestID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Breaks("request_id", err))
	}
	return id, nil
}

func permissions(given []optionsv1.Permission) []domain.Permission {
	list := make([]domain.Permission, len(given))
	for i, p := range given {
		list[i] = domain.Permission(p)
	}
	return list
}
