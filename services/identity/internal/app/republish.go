package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// Republisher publishes every recent AccountChanged once more, which revokes access tokens, and
// every recent AccountVerified.
func (a *Accounts) Republisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: a.Pool, Source: source, Wake: a.Wake, Now: a.Now,
		Newest: a.on(a.Pool).NewestChange, Page: a.pageToRepublish,
	}
}

func (a *Accounts) pageToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) ([]uuid.UUID, []outbox.Event, error) {
	accounts, err := a.on(tx).LockChangedSince(ctx, since, after)
	if err != nil {
		return nil, nil, err
	}
	var events []outbox.Event
	ids := make([]uuid.UUID, len(accounts))
	for i, account := range accounts {
		s := account.Snapshot()
		ids[i] = s.ID
		events = append(events, a.Publish.Changed(s))
		if !s.VerifyTime.Before(since) {
			events = append(events, a.Publish.Verified(s))
		}
	}
	return ids, events, nil
}

// MailRepublisher publishes every recent MailLinkRequested and AccountNoticed once more. Who
// mails them knows those that it mailed.
func (a *Accounts) MailRepublisher() *outbox.Republisher {
	return &outbox.Republisher{
		Pool: a.Pool, Source: source, Wake: a.Wake, Now: a.Now,
		Newest: a.on(a.Pool).NewestMail, Page: a.mailsToRepublish,
	}
}

func (a *Accounts) mailsToRepublish(ctx context.Context, tx *pg.Tx, since time.Time, after uuid.UUID) (ids []uuid.UUID, events []outbox.Event, err error) {
	mails, err := a.on(tx).LockMailsSince(ctx, since, after)
	if err != nil {
		return nil, nil, err
	}
	for _, link := range mails.Links {
		ids, events = append(ids, link.ID), append(events, a.Publish.Link(link))
	}
	for _, notice := range mails.Notices {
		ids, events = append(ids, notice.ID), append(events, a.Publish.Notice(notice))
	}
	return ids, events, nil
}
