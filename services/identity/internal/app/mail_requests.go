package app

import (
	"context"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// request writes one row, whoever has the address.
func (a *Accounts) request(ctx context.Context, r domain.MailRequest) error {
	return a.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error { return a.requestIn(ctx, tx, r) })
}

func (a *Accounts) requestIn(ctx context.Context, tx *pg.Tx, r domain.MailRequest) error {
	r.ID, r.CreateTime = a.NewID(), a.Now()
	tx.OnCommit(func() {
		select {
		case a.requested <- struct{}{}:
		default:
		}
	})
	return a.on(tx).InsertMailRequest(ctx, r)
}
