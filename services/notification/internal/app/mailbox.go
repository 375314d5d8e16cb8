// Package app holds the use cases of notification: applying events, sending and
// recording what came of it, and showing and resending mails.
package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/events"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// Mailbox applies events to the mailbox.
type Mailbox struct {
	Sender   *Sender
	Erasure  *Erasure
	Settings domain.Settings
	Now      func() time.Time
	NewID    func() uuid.UUID
}

// Apply applies a batch in tx: mails that are requested, then erasures, so that a
// mail of the same batch is erased too. It costs two round trips, and a third where
// somebody's data is erased. New mails are handed over after the commit. The rest of
// very many mails of erased customers is blanked later (Erasure).
func (b *Mailbox) Apply(ctx context.Context, tx *pg.Tx, requests []domain.Request, erased []uuid.UUID) error {
	q := db.New(tx)
	now := b.Now()
	if err := b.begin(ctx, q, erased, now); err != nil {
		return err
	}
	var published []domain.Event
	if len(requests) > 0 {
		outcomes, err := b.accept(ctx, tx, requests, now)
		if err != nil {
			return err
		}
		published = append(published, outcomes...)
	}
	if len(erased) > 0 {
		outcomes, err := b.Erasure.blank(ctx, tx, erased, now)
		if err != nil {
			return err
		}
		published = append(published, outcomes...)
	}
	if len(published) == 0 {
		return nil
	}
	return outbox.Write(ctx, tx, events.Source, events.ToOutbox(published)...)
}

// begin has mails and erasures that run side by side see each other.
func (b *Mailbox) begin(ctx context.Context, q *db.Queries, erased []uuid.UUID, now time.Time) error {
	if len(erased) == 0 {
		return q.ErasedCustomerShare(ctx)
	}
	if err := q.ErasedCustomerExclude(ctx); err != nil {
		return err
	}
	return q.ErasedCustomerInsertMany(ctx, db.ErasedCustomerInsertManyParams{CustomerIds: erased, CreateTime: now})
}

func (b *Mailbox) accept(ctx context.Context, tx *pg.Tx, requests []domain.Request, now time.Time) ([]domain.Event, error) {
	q := db.New(tx)
	rows, err := q.NotificationKnown(ctx, store.KnownParams(requests))
	if err != nil {
		return nil, fmt.Errorf("read known mails: %w", err)
	}
	lease := b.Sender.Lease()
	mails, published := domain.Accept(requests, store.Known(rows), domain.AcceptInput{
		Now: now, Lease: lease, Domain: b.Settings.Domain(), NewID: b.NewID,
	})
	if len(mails) == 0 {
		return published, nil
	}
	if err := q.NotificationInsertMany(ctx, store.InsertParams(mails, b.Settings.ShopName, mail.Version)); err != nil {
		return nil, err
	}
	tx.OnCommit(func() { b.Sender.Offer(b.outgoing(mails), now.Add(lease)) })
	return published, nil
}

func (b *Mailbox) outgoing(mails []domain.Notification) []domain.Outgoing {
	out := make([]domain.Outgoing, 0, len(mails))
	for _, m := range mails {
		if m.Status != domain.Pending {
			continue
		}
		out = append(out, domain.Outgoing{
			ID: m.ID, Kind: m.Kind, Recipient: m.Recipient, Subject: m.Subject, ShopName: b.Settings.ShopName,
			Template: mail.Version, Content: m.Content, MessageID: m.MessageID, Traceparent: m.Traceparent, RequestedTime: m.RequestedTime,
		})
	}
	return out
}
