// Package app holds payment's use cases: each loads what it needs under a lock, lets
// the domain decide, stores what follows and writes the outbox, in one transaction.
// The provider is called outside of every transaction.
package app

import (
	"context"
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
)

// Deps is what the use cases depend on.
type Deps struct {
	Pool      *pg.Pool
	Recorder  Recorder
	Settings  *settings.Live[domain.Settings]
	Providers provider.Providers
	// ProviderOf names who takes a payment method.
	ProviderOf func(method string) string
	// OrderedLines reads the lines of an order from order.
	OrderedLines func(ctx context.Context, orderID uuid.UUID) ([]domain.OrderedLine, error)
	// Alerts reports what somebody has to look into.
	Alerts Alerts
	// Now is the clock, in UTC and in microseconds as PostgreSQL keeps them: a decision
	// sees what will be read back.
	Now func() time.Time
	// NewID makes an id, UUIDv7.
	NewID func() uuid.UUID
	Log   *slog.Logger
}

// decision is what one decision takes from outside.
func (d Deps) decision() domain.DecisionContext { return d.decisionBy(d.Settings.Now()) }

func (d Deps) decisionBy(set domain.Settings) domain.DecisionContext {
	return domain.DecisionContext{
		Now: d.Now(), NewID: d.NewID, NewReference: newReference,
		Provider: d.ProviderOf, Lease: set.Lease(), RetryAfter: set.RetryAfter,
	}
}

// newReference draws from the system's randomness, which never fails.
func newReference() string {
	var random [8]byte
	_, _ = rand.Read(random[:])
	return domain.Reference(random)
}
