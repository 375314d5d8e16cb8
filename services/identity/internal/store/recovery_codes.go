package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// ReplaceRecoveryCodes stores what is kept of an account's recovery codes, in the place of
// those before.
func (s Store) ReplaceRecoveryCodes(ctx context.Context, account uuid.UUID, codes []string) error {
	var hashes [][]byte
	for _, code := range codes {
		if hash, ok := domain.RecoveryHash(code); ok {
			hashes = append(hashes, hash)
		}
	}
	if err := s.q.RecoveryCodeDeleteOf(ctx, account); err != nil {
		return err
	}
	return s.q.RecoveryCodeInsertMany(ctx, db.RecoveryCodeInsertManyParams{AccountID: account, Hashes: hashes})
}

// UseRecoveryCode uses a code up, and reports whether it was one of the account's.
func (s Store) UseRecoveryCode(ctx context.Context, account uuid.UUID, code string) (bool, error) {
	hash, ok := domain.RecoveryHash(code)
	if !ok {
		return false, nil
	}
	used, err := s.q.RecoveryCodeUse(ctx, db.RecoveryCodeUseParams{AccountID: account, Hash: hash})
	if err != nil {
		return false, fmt.Errorf("use a recovery code: %w", err)
	}
	return used == 1, nil
}
