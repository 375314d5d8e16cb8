package store

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
	"github.com/shopmesh/shopmesh/services/notification/internal/store/db"
)

// listing reports what ListNotifications filters by. The newest comes first: ids are
// UUIDv7, which sort by time, so the primary key serves the order.
func listing() page.Schema {
	return page.Schema{
		Name: "notifications",
		Fields: map[string]page.Field{
			"age":        {Column: "id", Kind: page.ID, Order: true},
			"order_id":   {Column: "order_id", Kind: page.ID, Filter: true},
			"account_id": {Column: "account_id", Kind: page.ID, Filter: true},
			"recipient":  {Column: "recipient_key", Kind: page.Email, Filter: true},
			"kind":       {Column: "kind", Kind: page.Enum, Values: page.EnumValues(domain.OrderConfirmed, domain.LastKind), Prefix: "NOTIFICATION_KIND_", Filter: true},
			"status":     {Column: "status", Kind: page.Enum, Values: page.EnumValues(domain.Pending, domain.Erased), Prefix: "NOTIFICATION_STATUS_", Filter: true},
		},
		Order: "age desc", ID: "id", Search: searchMails(),
	}
}

// searchMails finds mails by how the addresses that they went to begin.
func searchMails() *page.Search {
	return page.EachWord(page.Indexed("notifications n", "n.recipient_key", func(text string, param func(any) string) string {
		// Erased mails have no address; the index leaves them out, too. The last code point is no
		// character, and sorts behind all of them.
		text = grammar.EmailKey(text)
		return "(n.recipient_key <> '' and n.recipient_key >= " + param(text) + "::text and n.recipient_key < " + param(text+"\U0010FFFF") + "::text)"
	}))
}

// List returns a page of mails without their content, newest first, with what was
// tried. It is written here because one statement for all filters would be planned for
// none of them; the text holds columns and parameters only.
func (s Store) List(ctx context.Context, r page.Request) (page.Page[domain.Stored], error) {
	query, err := listing().Parse(r)
	if err != nil {
		return page.Page[domain.Stored]{}, err
	}
	found, err := page.Read(ctx, s.dbtx, query, page.Source{
		Name: "NotificationList", Columns: page.Columns[db.Notification]("n", "content"), From: "notifications n",
	}, pgx.RowToStructByNameLax[db.Notification], func(row db.Notification) []any {
		return query.Cursor(map[string]any{"age": row.ID}, row.ID)
	})
	if err != nil {
		return page.Page[domain.Stored]{}, err
	}
	mails := make([]domain.Stored, len(found.Items))
	for i, row := range found.Items {
		mails[i] = fromDBStored(row)
	}
	return page.With(found, mails), s.addAttempts(ctx, mails)
}
