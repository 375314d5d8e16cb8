// Package store keeps sessions in PostgreSQL. Every statement is a method of Store: the
// queries are in queries/, what sqlc makes of them in db/.
package store

import (
	"context"
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/storefront/internal/store/db"
)

// Store runs statements on a pool or in a transaction.
type Store struct{ q *db.Queries }

// On returns the statements of the storefront on a *pg.Pool or a *pg.Tx.
func On(dbtx pg.DBTX) Store { return Store{q: db.New(dbtx)} }

// Sealed is a session as it is stored.
type Sealed struct {
	Content []byte
	// Version counts its changes; 0 is none that is there.
	Version    int64
	ExpireTime time.Time
}

// Session returns a session; one of version 0 when there is none, or it has expired.
func (s Store) Session(ctx context.Context, id []byte, now time.Time) (Sealed, error) {
	row, err := s.q.SessionGet(ctx, db.SessionGetParams{ID: id, Now: now})
	if pg.IsNoRows(err) {
		return Sealed{}, nil
	}
	if err != nil {
		return Sealed{}, fmt.Errorf("read a session: %w", err)
	}
	return Sealed{Content: row.Content, Version: row.Version, ExpireTime: row.ExpireTime}, nil
}

// PutSession writes a session whose version was read, 0 for a new one, and reports whether
// nobody else wrote it meanwhile.
func (s Store) PutSession(ctx context.Context, id []byte, session Sealed) (bool, error) {
	var n int64
	var err error
	if session.Version == 0 {
		n, err = s.q.SessionInsert(ctx, db.SessionInsertParams{ID: id, Content: session.Content, ExpireTime: session.ExpireTime})
	} else {
		n, err = s.q.SessionUpdate(ctx, db.SessionUpdateParams{ID: id, Content: session.Content, Version: session.Version, ExpireTime: session.ExpireTime})
	}
	if err != nil {
		return false, fmt.Errorf("write a session: %w", err)
	}
	return n == 1, nil
}

// DeleteSession removes a session, if it is there.
func (s Store) DeleteSession(ctx context.Context, id []byte) error {
	if err := s.q.SessionDelete(ctx, id); err != nil {
		return fmt.Errorf("remove a session: %w", err)
	}
	return nil
}

// DeleteExpiredSessions removes up to a thousand sessions that have expired, and returns how
// many.
func (s Store) DeleteExpiredSessions(ctx context.Context, now time.Time) (int64, error) {
	n, err := s.q.SessionDeleteExpired(ctx, now)
	if err != nil {
		return 0, fmt.Errorf("remove expired sessions: %w", err)
	}
	return n, nil
}
