package app

import (
	"context"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// ListSessions returns the sessions of the caller's account that last, and which of them
// calls.
func (a *Accounts) ListSessions(ctx context.Context) (sessions []domain.SessionSnapshot, life domain.SessionLife, current uuid.UUID, err error) {
	id, current, err := caller(ctx)
	if err != nil {
		return nil, life, current, err
	}
	account, err := a.on(a.Pool).Account(ctx, id)
	if err != nil {
		return nil, life, current, orGone(err, domain.ErrTokenExpired())
	}
	life = a.Settings().SessionLife(account.Snapshot().Kind)
	open, err := a.on(a.Pool).OpenSessions(ctx, id)
	now := a.Now()
	for _, session := range open {
		if !session.Ended(life, now) {
			sessions = append(sessions, session.Snapshot())
		}
	}
	return sessions, life, current, err
}
