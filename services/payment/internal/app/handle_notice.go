package app

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"log/slog"
	"strings"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/metric"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
	"github.com/shopmesh/shopmesh/services/payment/internal/events"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/store"
)

// HandleNotice hears what a provider says of its own accord. A notice settles
// nothing: it makes the worker ask how things stand, at once. So it has the same effect
// however often, late, early or in whatever order notices come.
type HandleNotice struct {
	Pool     *pg.Pool
	Deps     Deps
	Recorder Recorder
	Park     Park
	Log      *slog.Logger
}

// Handle applies a notice of the provider named. What contradicts the payment is set
// aside for people and changes nothing. An error means that it must come again.
func (h HandleNotice) Handle(ctx context.Context, name string, n provider.Notice) error {
	if n.Foreign != "" {
		return h.Park.Put(ctx, Parked{ID: n.ID, Type: n.Type, PaymentID: n.PaymentID, Cause: n.Foreign})
	}
	if n.PaymentID == uuid.Nil {
		// Others may use the same account.
		h.Log.DebugContext(ctx, "a notice about something else", "provider", name, "event", n.ID, "type", n.Type)
		return nil
	}
	var contradiction string
	err := h.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		accounts, err := store.Lock(ctx, tx, []uuid.UUID{n.PaymentID})
		if err != nil {
			return err
		}
		account, known := accounts[n.PaymentID]
		if !known || account.Payment().Provider != name {
			contradiction = "there is no such payment by " + name
			return nil
		}
		decision := h.Deps.Decision()
		contradiction = account.Noticed(domain.Notice{
			OrderID: n.OrderID, ChargeID: n.ChargeID, Amount: n.Amount, Succeeded: n.Succeeded,
			Refund: n.Refund, RefundID: n.RefundID, Reversed: n.Reversed,
		}, decision)
		var changes domain.Changes
		changes.Collect(account)
		return h.Recorder.save(ctx, tx, changes, decision.Now)
	})
	if err != nil || contradiction == "" {
		return err
	}
	return h.Park.Put(ctx, Parked{ID: n.ID, Type: n.Type, PaymentID: n.PaymentID, Cause: contradiction})
}

// Parked is something about a payment that people must look into.
type Parked struct {
	// ID identifies it: what comes again is kept once.
	ID        string
	Type      string
	PaymentID uuid.UUID
	// Cause says what is wrong.
	Cause string
}

// Park sets aside what people must look into: as a dead letter of the context, which
// operators list and discard, and which an audit finds. Nothing of a provider's
// message is kept, because it may hold personal data. The zero Park keeps nothing.
type Park struct {
	pool    *pg.Pool
	log     *slog.Logger
	counter metric.Int64Counter
}

// NewPark makes a Park.
func NewPark(pool *pg.Pool, meter metric.MeterProvider, log *slog.Logger) Park {
	// The instrument's name is a constant and valid.
	counter, _ := meter.Meter("github.com/shopmesh/shopmesh/services/payment").
		Int64Counter("shopmesh.payment.parked", metric.WithDescription("Things a payment provider said that contradict a payment"))
	return Park{pool: pool, log: log, counter: counter}
}

// storable is text as the database keeps it: valid, and without U+0000.
func storable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "?"), "\x00", "?")
}

// Put sets something aside, once for its id, and tells of it.
func (p Park) Put(ctx context.Context, parked Parked) error {
	if p.pool == nil {
		return nil
	}
	digest := sha256.Sum256([]byte(parked.ID))
	fresh, err := store.Park(ctx, p.pool, store.Parked{
		Group: events.Group, Number: int64(binary.BigEndian.Uint64(digest[:8]) >> 1), EventID: storable(parked.ID), Type: storable(parked.Type),
		Cause: storable("payment " + parked.PaymentID.String() + ": " + parked.Cause),
	})
	if err != nil || !fresh {
		return err
	}
	p.counter.Add(ctx, 1)
	p.log.ErrorContext(ctx, "what the payment provider says contradicts a payment; nothing was concluded, someone must look into it",
		"payment", parked.PaymentID, "event", parked.ID, "type", parked.Type, "cause", parked.Cause)
	return nil
}
