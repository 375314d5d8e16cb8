package pg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

// Migrate brings the database to the newest of the goose migrations at the root of
// migrations (00001_name.sql) and returns its version. Only one process at a time
// migrates a database; others wait up to five minutes. When the server goes away in
// between, it begins again with the first migration that was not done, until ctx ends.
func Migrate(ctx context.Context, p *Pool, migrations fs.FS) (int64, error) {
	for {
		version, err := migrate(ctx, p, migrations)
		if err == nil || !Transient(err) || sleep(ctx, time.Second) != nil {
			return version, err
		}
	}
}

func migrate(ctx context.Context, p *Pool, migrations fs.FS) (int64, error) {
	config := p.Config().ConnConfig
	config.RuntimeParams["transaction_timeout"] = "0" // a change of a large table takes its time
	db := stdlib.OpenDB(*config)
	defer func() { _ = db.Close() }()
	db.SetMaxOpenConns(2)

	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return 0, fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if errors.Is(err, goose.ErrNoMigrations) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	version, err := provider.GetDBVersion(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrated version: %w", err)
	}
	return version, nil
}
