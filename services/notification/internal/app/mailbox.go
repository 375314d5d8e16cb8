package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
)

// Mailbox makes the mails that events request, and blanks those of erased people.
type Mailbox struct {
	Sender    *Sender
	Erasure   *Erasure
	Templates *mail.Templates
	Shop      *settings.Live[domain.Shop]
	ToOutbox  ToOutbox
	Now       func() time.Time
	NewID     func() uuid.UUID
}

// Apply applies a batch in tx: mails that are requested, then erasures, so that a mail
// of the same batch is erased too. It costs two round trips, and a third where
// somebody's data is erased. New mails are handed over after the commit. The rest of
// very many mails of erased people is blanked later (Erasure).
func (b *Mailbox) Apply(ctx context.Context, tx *pg.Tx, requests []domain.Request, erased domain.Erasure) error {
	now := b.Now()
	if err := b.begin(ctx, tx, erased, now); err != nil {
		return err
	}
	var published []domain.Event
	if len(requests) > 0 {
		events, err := b.accept(ctx, tx, requests, now)
		if err != nil {
			return err
		}
		published = append(published, events...)
	}
	if !erased.None() {
		events, err := b.Erasure.blank(ctx, tx, erased, now)
		if err != nil {
			return err
		}
		published = append(published, events...)
	}
	return b.ToOutbox.publish(ctx, tx, published)
}

// begin keeps writing mails and erasing people from running at the same time, so that
// no mail is written for a person who is being erased.
func (b *Mailbox) begin(ctx context.Context, tx *pg.Tx, erased domain.Erasure, now time.Time) error {
	if erased.None() {
		return store.On(tx).AwaitErasures(ctx)
	}
	return store.On(tx).BeginErasure(ctx, erased, now)
}

func (b *Mailbox) accept(ctx context.Context, tx *pg.Tx, requests []domain.Request, now time.Time) ([]domain.Event, error) {
	known, err := store.On(tx).Existing(ctx, requests)
	if err != nil {
		return nil, err
	}
	lease, shop := b.Sender.Lease(), b.Shop.Now()
	mails, published := domain.Accept(requests, known, domain.AcceptInput{
		Now: now, Lease: lease, Shop: shop, UsualSubject: b.Templates.Subject, NewID: b.NewID,
	})
	if len(mails) == 0 {
		return published, nil
	}
	if err := store.On(tx).Insert(ctx, mails, shop.ShopDetails, mail.Version); err != nil {
		return nil, err
	}
	tx.OnCommit(func() { b.Sender.Offer(outgoing(mails, shop.ShopDetails), now.Add(lease)) })
	return published, nil
}

func outgoing(mails []domain.Notification, shop domain.ShopDetails) []domain.Outgoing {
	out := make([]domain.Outgoing, 0, len(mails))
	for _, m := range mails {
		if m.Status != domain.Pending {
			continue
		}
		out = append(out, domain.Outgoing{
			ID: m.ID, Kind: m.Kind, Recipient: m.Recipient, Subject: m.Subject, Shop: shop,
			Template: mail.Version, Content: m.Content, MessageID: m.MessageID, Traceparent: m.Traceparent, RequestedTime: m.RequestedTime,
		})
	}
	return out
}
