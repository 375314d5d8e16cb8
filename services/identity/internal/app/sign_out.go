package app

import (
	"context"

	"github.com/google/uuid"
)

// SignOut ends the session of a refresh token, also of one that has a successor. A token
// that is none, or of a session that is over, changes nothing.
func (a *Accounts) SignOut(ctx context.Context, refreshToken string) error {
	id, _, ok := a.readRefresh(refreshToken)
	if !ok {
		return nil
	}
	_, err := a.endSession(ctx, id, uuid.Nil)
	return err
}
