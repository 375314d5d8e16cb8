package identity

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
)

// Renew makes every token that was issued before useless. It is for a database that was
// restored from a backup, while no process of identity runs on it.
func Renew(ctx context.Context, database pg.Config, log *slog.Logger) error {
	pool, err := pg.Open(ctx, Name, database, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	if err := app.Renew(ctx, pool); err != nil {
		return fmt.Errorf("end the sessions of the restored shop: %w", err)
	}
	return nil
}
