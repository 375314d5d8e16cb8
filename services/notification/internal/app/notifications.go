// Package app holds the use cases of notification: the mailbox, which applies events;
// the sender, which hands mails over and records what came of it; the erasure of
// people's data; and what staff does with mails.
package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
)

// source names this context in its events (CloudEvents ce_source).
const source = "/shopmesh/notification"

// Deps are what staff's use cases need.
type Deps struct {
	Pool      *pg.Pool
	Sender    *Sender
	Templates *mail.Templates
	Shop      *settings.Live[domain.Shop]
	Now       func() time.Time
}

// Notifications shows what was sent, and sends it again.
type Notifications struct{ Deps }

// ToOutbox translates an event for the broker.
type ToOutbox func(domain.Event) outbox.Event

// publish queues events in tx.
func (t ToOutbox) publish(ctx context.Context, tx *pg.Tx, events []domain.Event) error {
	if len(events) == 0 {
		return nil
	}
	all := make([]outbox.Event, len(events))
	for i, e := range events {
		all[i] = t(e)
	}
	return outbox.Write(ctx, tx, source, all...)
}
