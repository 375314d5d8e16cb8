package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store/db"
)

// InsertSession stores a new session and ends the oldest ones beyond domain.MaxSessions.
func (s Store) InsertSession(ctx context.Context, begun domain.Session) error {
	session := begun.Snapshot()
	err := s.q.SessionInsert(ctx, db.SessionInsertParams{
		ID: session.ID, AccountID: session.AccountID, Number: session.Number, RefreshTime: session.RefreshTime,
		CreateTime: session.CreateTime, AuthTime: session.AuthTime, Methods: session.Methods, AddressPrefix: session.AddressPrefix, Agent: session.Agent,
	})
	if err != nil {
		return err
	}
	return s.q.SessionEndOldest(ctx, db.SessionEndOldestParams{
		EndTime: session.CreateTime, AccountID: session.AccountID, Keep: domain.MaxSessions,
	})
}

// Session reads a session, and whether there is one.
func (s Store) Session(ctx context.Context, id uuid.UUID) (domain.Session, bool, error) {
	return readSession(s.q.SessionGet(ctx, id))
}

// LockSession locks and reads a session.
func (s Store) LockSession(ctx context.Context, id uuid.UUID) (domain.Session, bool, error) {
	return readSession(s.q.SessionLock(ctx, id))
}

func readSession(row db.Session, err error) (domain.Session, bool, error) {
	if pg.IsNoRows(err) {
		return domain.Session{}, false, nil
	}
	if err != nil {
		return domain.Session{}, false, fmt.Errorf("read session: %w", err)
	}
	return fromDBSession(row), true, nil
}

// UpdateSession stores a changed session.
func (s Store) UpdateSession(ctx context.Context, changed domain.Session) error {
	session := changed.Snapshot()
	return s.q.SessionUpdate(ctx, db.SessionUpdateParams{
		ID: session.ID, Number: session.Number, RefreshTime: session.RefreshTime, AuthTime: session.AuthTime,
		Methods: session.Methods, EndTime: optionalTime(session.EndTime),
	})
}

// EndSessions ends the sessions of an account but one; uuid.Nil for all.
func (s Store) EndSessions(ctx context.Context, account, but uuid.UUID, now time.Time) error {
	return s.q.SessionEndOthers(ctx, db.SessionEndOthersParams{AccountID: account, ExceptID: but, EndTime: now})
}

// EndAllSessions ends every session, link and access token.
func (s Store) EndAllSessions(ctx context.Context) error {
	if err := s.q.AccountRaiseEpochs(ctx); err != nil {
		return err
	}
	if err := s.q.SessionEndAll(ctx); err != nil {
		return err
	}
	return s.q.LinkUseAll(ctx)
}

// OpenSessions returns the sessions of an account that were not ended, the newest first.
func (s Store) OpenSessions(ctx context.Context, account uuid.UUID) ([]domain.Session, error) {
	rows, err := s.q.SessionListOpen(ctx, account)
	return fromDBSessions(rows, err)
}

// KeptSessions returns the sessions of an account, those that ended, too, the newest first.
func (s Store) KeptSessions(ctx context.Context, account uuid.UUID) ([]domain.Session, error) {
	rows, err := s.q.SessionListKept(ctx, account)
	return fromDBSessions(rows, err)
}

// KnowsPrefix reports whether a session of the account began from an address prefix since
// a time.
func (s Store) KnowsPrefix(ctx context.Context, account uuid.UUID, prefix string, since time.Time) (bool, error) {
	return s.q.SessionKnownPrefix(ctx, db.SessionKnownPrefixParams{AccountID: account, AddressPrefix: prefix, Since: since})
}

// DeleteSessions deletes a thousand of those that nobody refreshed since a time, and
// returns how many it were.
func (s Store) DeleteSessions(ctx context.Context, before time.Time) (int64, error) {
	return s.q.SessionDeleteBefore(ctx, db.SessionDeleteBeforeParams{Before: before, MaxRows: purgedAtOnce})
}

// purgedAtOnce bounds what one statement deletes.
const purgedAtOnce = 1000

func fromDBSessions(rows []db.Session, err error) ([]domain.Session, error) {
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	sessions := make([]domain.Session, len(rows))
	for i, row := range rows {
		sessions[i] = fromDBSession(row)
	}
	return sessions, nil
}

func fromDBSession(row db.Session) domain.Session {
	return domain.RestoreSession(domain.SessionSnapshot{
		ID: row.ID, AccountID: row.AccountID, Number: row.Number, RefreshTime: row.RefreshTime, CreateTime: row.CreateTime,
		AuthTime: row.AuthTime, Methods: row.Methods, AddressPrefix: row.AddressPrefix, Agent: row.Agent, EndTime: timeOf(row.EndTime),
	})
}

func optionalTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}
