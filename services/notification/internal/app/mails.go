package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/mail"
	"github.com/shopmesh/shopmesh/services/notification/internal/store"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// Mails shows what was sent, and sends it once more.
type Mails struct {
	Pool      *pg.Pool
	Sender    *Sender
	Templates *mail.Templates
	Settings  domain.Settings
	Now       func() time.Time
}

// Page is a page of mails.
type Page struct {
	Mails []domain.Stored
	Next  string
}

// List returns mails without their texts, newest first.
func (m *Mails) List(ctx context.Context, r page.Request) (Page, error) {
	mails, next, err := store.List(ctx, m.Pool, r)
	if err != nil {
		return Page{}, err
	}
	return Page{Mails: mails, Next: next}, store.WithAttempts(ctx, m.Pool, mails)
}

// Get returns a mail and its texts as they were or will be sent; they are empty
// once erased or kept no longer.
func (m *Mails) Get(ctx context.Context, id uuid.UUID) (domain.Stored, mail.Rendered, error) {
	row, err := db.New(m.Pool).NotificationGet(ctx, id)
	if pg.IsNoRows(err) {
		return domain.Stored{}, mail.Rendered{}, domain.NotFound(id)
	}
	if err != nil {
		return domain.Stored{}, mail.Rendered{}, fmt.Errorf("read notification %s: %w", id, err)
	}
	mails := []domain.Stored{store.Stored(row)}
	if err := store.WithAttempts(ctx, m.Pool, mails); err != nil {
		return domain.Stored{}, mail.Rendered{}, err
	}
	if !mails[0].Readable {
		return mails[0], mail.Rendered{}, nil
	}
	rendered, err := m.render(mails[0])
	return mails[0], rendered, err
}

func (m *Mails) render(s domain.Stored) (mail.Rendered, error) {
	written, err := mail.Decode(s.Kind, s.Content)
	if err != nil {
		return mail.Rendered{}, fmt.Errorf("read notification %s: %w", s.ID, err)
	}
	rendered, err := m.Templates.Render(written, s.Template, s.ShopName)
	if err != nil {
		return mail.Rendered{}, fmt.Errorf("render notification %s: %w", s.ID, err)
	}
	return rendered, nil
}

// Resend has a mail sent once more, with a new Message-ID.
func (m *Mails) Resend(ctx context.Context, id uuid.UUID) (domain.Stored, error) {
	var mail domain.Stored
	err := m.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		q := db.New(tx)
		if err := q.ErasedCustomerShare(ctx); err != nil {
			return err
		}
		found, err := q.NotificationGetForUpdate(ctx, id)
		if pg.IsNoRows(err) {
			return domain.NotFound(id)
		}
		if err != nil {
			return fmt.Errorf("lock notification %s: %w", id, err)
		}
		now := m.Now()
		traceparent := trace.FromContext(ctx)
		state := store.Stored(found.Notification).State
		if found.CustomerErased {
			state.Readable = false // a part of the erasure that is yet to come blanks it
		}
		next, err := state.Resend(now, now.Add(m.Sender.Lease()), traceparent)
		if err != nil {
			return err
		}
		row, err := q.NotificationResend(ctx, db.NotificationResendParams{
			ID: id, ResendCount: int32(next.Resends), Version: next.Version,
			MessageID:     domain.MessageID(id, next.Resends, m.Settings.Domain()),
			RequestedTime: next.RequestedTime, DueTime: next.DueTime, Traceparent: traceparent,
		})
		if err != nil {
			return fmt.Errorf("resend notification %s: %w", id, err)
		}
		mail = store.Stored(row)
		mails := []domain.Stored{mail}
		if err := store.WithAttempts(ctx, tx, mails); err != nil {
			return err
		}
		mail = mails[0]
		tx.OnCommit(func() { m.Sender.Offer([]domain.Outgoing{mail.Outgoing()}, mail.DueTime) })
		return nil
	})
	return mail, err
}

// Preview renders the newest template of a kind with made-up data.
func (m *Mails) Preview(kind domain.Kind) (mail.Rendered, error) {
	return m.Templates.Render(mail.Sample(kind), mail.Version, m.Settings.ShopName)
}
