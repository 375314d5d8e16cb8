package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// listing reports what ListNotifications filters by. The newest comes first: ids are
// UUIDv7, which sort by time, so the primary key serves the order.
func listing() page.Schema {
	kinds := make(map[string]any)
	for k := domain.OrderConfirmed; k <= domain.OrderShipped; k++ {
		kinds[k.String()] = int16(k)
	}
	statuses := make(map[string]any)
	for s := domain.Pending; s <= domain.Erased; s++ {
		statuses[s.String()] = int16(s)
	}
	return page.Schema{
		Fields: map[string]page.Field{
			"age":       {Column: "id", Kind: page.ID, Order: true},
			"order_id":  {Column: "order_id", Kind: page.ID, Filter: true},
			"recipient": {Column: "recipient", Kind: page.Text, Filter: true},
			"kind":      {Column: "kind", Kind: page.Enum, Values: kinds, Filter: true},
			"status":    {Column: "status", Kind: page.Enum, Values: statuses, Filter: true},
		},
		Order: "age desc",
		ID:    "id",
	}
}

// List returns a page of mails without their content, newest first, and the token of
// the next. It is written here because one statement for all filters would be
// planned for none of them; the text holds columns and parameters only.
func List(ctx context.Context, q pg.Querier, r page.Request) (mails []domain.Stored, next string, err error) {
	query, err := listing().Parse(r)
	if err != nil {
		return nil, "", err
	}
	var args []any
	where, order := query.SQL(&args)
	args = append(args, query.Limit())
	rows, err := q.Query(ctx, `-- name: NotificationList :many
select id, kind, subject_id, order_id, customer_id, status, recipient, subject, shop_name, template, ''::bytea as content,
       message_id, resend_count, attempt_count, retry_count, cause, version, traceparent,
       create_time, requested_time, due_time, end_time, send_time
from notifications where `+where+` order by `+order+fmt.Sprintf(` limit $%d`, len(args)), args...)
	if err != nil {
		return nil, "", fmt.Errorf("list notifications: %w", err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[db.Notification])
	if err != nil {
		return nil, "", fmt.Errorf("list notifications: %w", err)
	}
	found, next, err = page.Cut(query, found, func(row db.Notification) []any {
		return query.Cursor(map[string]any{"age": row.ID}, row.ID)
	})
	if err != nil {
		return nil, "", err
	}
	mails = make([]domain.Stored, len(found))
	for i, row := range found {
		mails[i] = Stored(row)
	}
	return mails, next, nil
}

// maxAttempts is how many attempts of a mail are shown, the newest.
const maxAttempts = 20

// WithAttempts adds to mails what was tried.
func WithAttempts(ctx context.Context, q db.DBTX, mails []domain.Stored) error {
	if len(mails) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(mails))
	for i, m := range mails {
		ids[i] = m.ID
	}
	rows, err := db.New(q).AttemptNewest(ctx, db.AttemptNewestParams{NotificationIds: ids, MaxEach: maxAttempts})
	if err != nil {
		return fmt.Errorf("read attempts: %w", err)
	}
	by := Attempts(rows)
	for i := range mails {
		mails[i].History = by[mails[i].ID]
	}
	return nil
}
