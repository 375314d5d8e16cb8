package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
	"github.com/shopmesh/shopmesh/services/config/internal/store/db"
)

// The list is written here because the statement depends on where a page begins. A
// context's versions are in total order already; the id closes it because a list's last
// column is a UUID.
func versionSchema() page.Schema {
	return page.Schema{
		Name:   "settings versions",
		Fields: map[string]page.Field{"version": {Column: "v.version", Kind: page.Number, Order: true}},
		Order:  "version desc", ID: "v.id",
	}
}

// List returns a page of a context's versions, the newest first, and the token of the next
// one. Errors: PAGE_TOKEN_INVALID.
func (s Store) List(ctx context.Context, name string, request page.Request) ([]domain.Version, string, error) {
	request.Parent = name
	query, err := versionSchema().Parse(request)
	if err != nil {
		return nil, "", err
	}
	args := []any{name}
	where, order := query.SQL(&args)
	rows, err := s.dbtx.Query(ctx, `-- name: SettingsVersionList :many
		select `+page.Columns[db.SettingsVersion]("v")+` from settings_versions v
		where v.context = $1 and `+where+" order by "+order+fmt.Sprintf(" limit %d", query.Limit()), args...)
	if err != nil {
		return nil, "", fmt.Errorf("list versions of settings: %w", err)
	}
	versions, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (domain.Version, error) {
		found, err := pgx.RowToStructByName[db.SettingsVersion](row)
		return fromDB(found), err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list versions of settings: %w", err)
	}
	return page.Cut(query, versions, func(v domain.Version) []any {
		return query.Cursor(map[string]any{"version": v.Version}, v.ID)
	})
}
