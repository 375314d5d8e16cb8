package shop

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity"
)

// identityKey returns the key that the configuration gives, or that of the data directory,
// which is made at the first start.
func identityKey(config Config, dir *datadir.Dir) (identity.Key, error) {
	if !config.IdentityKey.IsZero() {
		return config.IdentityKey, nil
	}
	path := dir.KeyFile(identity.Name)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := identity.NewKey()
		return key, datadir.WriteFile(path, []byte(key.Reveal()+"\n"), 0o600)
	}
	if err != nil {
		return identity.Key{}, fmt.Errorf("read the key of identity: %w", err)
	}
	return identity.ParseKey(string(text), path)
}

// Restored makes every token useless that was issued before a shop was restored; a backup
// of a build that had no accounts holds none.
func Restored(ctx context.Context, server *postgres.Server) error {
	url := server.URL(databaseOf(identity.Name))
	if url == "" {
		return nil
	}
	return identity.Renew(ctx, pg.Config{URL: url, MaxConns: 1, HotConns: 1}, slog.New(slog.DiscardHandler))
}
