// Package app holds the use cases of identity, one file each. A use case loads, lets the
// domain decide, and stores what was decided.
package app

import (
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// SigningKeys are the use cases about the keys that access tokens are signed with.
type SigningKeys struct {
	// Pool is the context's database.
	Pool     *pg.Pool
	Settings domain.Settings
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
}
