package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

// Resend has a mail sent again, with a new Message-ID; to another recipient when one
// is named. Errors: INVALID_FIELD, NOTIFICATION_NOT_FOUND, NOTIFICATION_STATE.
func (n *Notifications) Resend(ctx context.Context, id uuid.UUID, recipient string) (domain.Stored, error) {
	if recipient != "" {
		var err error
		if recipient, err = grammar.Email(recipient); err != nil {
			return domain.Stored{}, fault.Fields(fault.Violation{Field: "recipient", Description: err.Error()})
		}
	}
	var resent domain.Stored
	err := n.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		mails := store.On(tx)
		if err := mails.AwaitErasures(ctx); err != nil {
			return err
		}
		stored, err := mails.GetForUpdate(ctx, id)
		if err != nil {
			return err
		}
		now := n.Now()
		stored, err = stored.Resend(recipient, now, now.Add(n.Sender.Lease()), n.Settings.Domain(), trace.FromContext(ctx))
		if err != nil {
			return err
		}
		if resent, err = mails.Resend(ctx, stored); err != nil {
			return err
		}
		tx.OnCommit(func() { n.Sender.Offer([]domain.Outgoing{resent.Outgoing()}, resent.DueTime) })
		return nil
	})
	return resent, err
}
