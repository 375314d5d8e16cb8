package store

import (
	"time"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

func fromDBSigningKey(row db.SigningKey) domain.SigningKey {
	return domain.SigningKey{
		KID: row.Kid, PublicJWK: row.PublicJwk, Sealed: row.SealedKey,
		CreateTime: row.CreateTime, ActivateTime: row.ActivateTime,
		RetireTime: valueOf(row.RetireTime), ExpireTime: valueOf(row.ExpireTime),
	}
}

// valueOf returns the zero time for null.
func valueOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
