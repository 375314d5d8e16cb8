package app

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// ConfirmTotp makes a secret the second factor of the caller's account, and returns
// recovery codes. Errors: CREDENTIALS_INVALID, ACCOUNT_NOT_FOUND, TOKEN_EXPIRED.
func (a *Accounts) ConfirmTotp(ctx context.Context, secret []byte, code string) ([]string, error) {
	id, session, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	codes := domain.NewRecoveryCodes(func(b []byte) { _, _ = rand.Read(b) })
	err = a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st, now := a.on(tx), a.Now()
		account, err := st.LockAccount(ctx, id)
		if err != nil {
			return err
		}
		before := account.Snapshot()
		account, ok := account.ConfirmTotp(secret, code, now)
		if !ok {
			return domain.ErrCredentialsInvalid()
		}
		record(ctx, before, account.Snapshot())
		if err := a.save(ctx, tx, account); err != nil {
			return err
		}
		if err := st.ReplaceRecoveryCodes(ctx, id, codes); err != nil {
			return err
		}
		if err := st.EndSessions(ctx, id, session, now); err != nil {
			return err
		}
		return a.notify(ctx, tx, domain.NoticeTotpChanged, account.Snapshot())
	})
	if err != nil {
		return nil, err
	}
	return codes, nil
}

// ReadTotpSecret reads a secret as EnrollTotp showed it; nil when it is none.
func ReadTotpSecret(text string) []byte {
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.ReplaceAll(text, " ", "")))
	if err != nil || len(secret) != domain.TotpSecretBytes {
		return nil
	}
	return secret
}
