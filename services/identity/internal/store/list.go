package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// The lists are written here and not in queries/, because the caller chooses their
// conditions and order. Only columns that are named here enter the statements; values are
// parameters.

func accountSchema() page.Schema {
	return page.Schema{
		Name: "accounts",
		Fields: map[string]page.Field{
			"email":       {Kind: page.Email, Filter: true, Condition: compareEmail},
			"kind":        {Column: "a.kind", Kind: page.Enum, Filter: true, Prefix: "ACCOUNT_KIND_", Values: page.EnumValues(domain.Customer, domain.LastKind)},
			"owner":       {Column: "a.owner", Kind: page.Bool, Filter: true},
			"disabled":    {Column: "a.disabled", Kind: page.Bool, Filter: true},
			"create_time": {Column: "a.create_time", Kind: page.Time, Order: true},
		},
		Order: "create_time desc", ID: "a.id",
	}
}

// compareEmail compares as signing in does.
func compareEmail(op string, value any, param func(any) string) string {
	text, _ := value.(string)
	email, err := domain.ParseEmail(text)
	if err != nil {
		email.Key = []byte(text) // no account has it
	}
	return "a.email_key " + op + " " + param(email.Key) + "::bytea"
}

// ListAccounts returns a page of accounts. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (s Store) ListAccounts(ctx context.Context, req page.Request) (page.Page[domain.AccountSnapshot], error) {
	return list(ctx, s, accountSchema(), req, page.Source{Name: "AccountList", Columns: page.Columns[db.Account]("a"), From: "accounts a"}, func(row db.Account) (domain.AccountSnapshot, error) {
		account, err := s.fromDBAccount(row)
		return account.Snapshot(), err
	}, func(a domain.AccountSnapshot) (time.Time, uuid.UUID) { return a.CreateTime, a.ID })
}

func apiKeySchema() page.Schema {
	return page.Schema{
		Name: "api keys",
		Fields: map[string]page.Field{
			"creator":     {Column: "k.creator_id", Kind: page.ID, Filter: true},
			"create_time": {Column: "k.create_time", Kind: page.Time, Order: true},
		},
		Order: "create_time desc", ID: "k.id",
	}
}

// ListAPIKeys returns a page of keys. Errors: FILTER_INVALID, PAGE_TOKEN_INVALID,
// INVALID_FIELD.
func (s Store) ListAPIKeys(ctx context.Context, req page.Request) (page.Page[domain.APIKeySnapshot], error) {
	return list(ctx, s, apiKeySchema(), req, page.Source{Name: "ApiKeyList", Columns: page.Columns[db.ApiKey]("k"), From: "api_keys k"},
		func(row db.ApiKey) (domain.APIKeySnapshot, error) { return fromDBAPIKey(row).Snapshot(), nil },
		func(k domain.APIKeySnapshot) (time.Time, uuid.UUID) { return k.CreateTime, k.ID })
}

// list reads a page of what is ordered by the time when it was made. read makes an item of
// a row.
func list[Row, Item any](ctx context.Context, s Store, schema page.Schema, req page.Request, source page.Source,
	read func(Row) (Item, error), key func(Item) (time.Time, uuid.UUID),
) (page.Page[Item], error) {
	query, err := schema.Parse(req)
	if err != nil {
		return page.Page[Item]{}, err
	}
	return page.Read(ctx, s.dbtx, query, source, func(row pgx.CollectableRow) (Item, error) {
		found, err := pgx.RowToStructByName[Row](row)
		if err != nil {
			var none Item
			return none, err
		}
		return read(found)
	}, func(item Item) []any {
		created, id := key(item)
		return query.Cursor(map[string]any{"create_time": created}, id)
	})
}
