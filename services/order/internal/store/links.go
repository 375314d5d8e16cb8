package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/store/db"
)

// InsertLinkRequest queues the insert of a request.
func (s Store) InsertLinkRequest(ctx context.Context, r domain.LinkRequest) error {
	return s.q.LinkRequestInsert(ctx, db.LinkRequestInsertParams{
		Number: r.Number, Email: r.Email, Traceparent: r.Traceparent, CreateTime: r.CreateTime,
	})
}

// TakeLinkRequest takes the oldest request that no other process works on out of the table;
// false when there is none.
func (s Store) TakeLinkRequest(ctx context.Context) (domain.LinkRequest, bool, error) {
	row, err := s.q.LinkRequestTake(ctx)
	if pg.IsNoRows(err) {
		return domain.LinkRequest{}, false, nil
	}
	if err != nil {
		return domain.LinkRequest{}, false, fmt.Errorf("take the request of a link: %w", err)
	}
	return domain.LinkRequest{Number: row.Number, Email: row.Email, Traceparent: row.Traceparent, CreateTime: row.CreateTime}, true, nil
}

// LockOrderByNumber locks an order with all its parts; nil when there is none.
func (s Store) LockOrderByNumber(ctx context.Context, number string) (*domain.Order, error) {
	rows, err := s.q.OrderLockByNumber(ctx, number)
	if err != nil {
		return nil, fmt.Errorf("lock the order %s: %w", number, err)
	}
	orders, err := loadParts(ctx, s, rows, func(row db.OrderLockByNumberRow) db.Order { return row.Order })
	if err != nil || len(orders) == 0 {
		return nil, err
	}
	return orders[0], nil
}

// linkMail is how a mail with a link is stored.
type linkMail struct {
	ID          uuid.UUID `json:"id"`
	Version     int64     `json:"version"`
	Time        time.Time `json:"time"`
	MailAwaited bool      `json:"mail_awaited"`
}

func toDBLinkMails(mails []domain.LinkMail) (string, error) {
	stored := make([]linkMail, len(mails))
	for i, m := range mails {
		stored[i] = linkMail(m)
	}
	text, err := json.Marshal(stored)
	return string(text), err
}

func fromDBLinkMails(text []byte) ([]domain.LinkMail, error) {
	if len(text) <= len("[]") {
		return nil, nil
	}
	var stored []linkMail
	if err := json.Unmarshal(text, &stored); err != nil {
		return nil, fmt.Errorf("mails with its link: %w", err)
	}
	mails := make([]domain.LinkMail, len(stored))
	for i, m := range stored {
		mails[i] = domain.LinkMail(m)
	}
	return mails, nil
}
