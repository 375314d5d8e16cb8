package store

import (
	"context"

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

// List returns a page of a context's versions, the newest first. Errors:
// PAGE_TOKEN_INVALID.
func (s Store) List(ctx context.Context, name string, request page.Request) (page.Page[domain.Version], error) {
	request.Parent = name
	query, err := versionSchema().Parse(request)
	if err != nil {
		return page.Page[domain.Version]{}, err
	}
	return page.Read(ctx, s.dbtx, query, page.Source{
		Name: "SettingsVersionList", Columns: page.Columns[db.SettingsVersion]("v"), From: "settings_versions v",
		Where: func(param func(any) string) []string { return []string{"v.context = " + param(name)} },
	}, func(row pgx.CollectableRow) (domain.Version, error) {
		found, err := pgx.RowToStructByName[db.SettingsVersion](row)
		return fromDB(found), err
	}, func(v domain.Version) []any {
		return query.Cursor(map[string]any{"version": v.Version}, v.ID)
	})
}
