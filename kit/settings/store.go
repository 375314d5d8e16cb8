package settings

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Tables are the settings that a context applied last, by their names, for pg.Schema.
func Tables() pg.Tables { return pg.NewTables("settings", migrations) }

// record is a version of the settings as it is stored.
type record struct {
	version int64
	value   []byte
}

// readRetry is how soon a database that is away is read again at start.
const readRetry = time.Second

// last reads the settings of a name that were applied last; version 0 when there are none.
// It waits for a database that is away until ctx ends.
func last(ctx context.Context, pool *pg.Pool, name string) (record, error) {
	for {
		var r record
		err := pool.QueryRow(ctx, `select version, value from last_settings where name = $1`, name).Scan(&r.version, &r.value)
		switch {
		case pg.IsNoRows(err):
			return record{}, nil
		case err == nil:
			return r, nil
		case !pg.Transient(err):
			return record{}, fmt.Errorf("read the settings that were applied last: %w", err)
		}
		if !sleep(ctx, readRetry) {
			return record{}, fmt.Errorf("read the settings that were applied last: %w", err)
		}
	}
}

func keep(ctx context.Context, pool *pg.Pool, name string, r record) error {
	_, err := pool.Exec(ctx, `-- name: KeepSettings :exec
		insert into last_settings (name, version, value, update_time) values ($1, $2, $3, now())
		on conflict (name) do update set version = excluded.version, value = excluded.value, update_time = excluded.update_time`,
		name, r.version, r.value)
	if err != nil {
		return fmt.Errorf("keep the settings for the next start: %w", err)
	}
	return nil
}

// sleep reports false when ctx ended.
func sleep(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
