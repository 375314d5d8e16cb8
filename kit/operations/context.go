// Package operations serves shopmesh.operations.v1: how the contexts of a process
// fare, their dead letters, and what they state for an audit. A context joins it
// with a Context, most of which Base gives.
package operations

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// Context is what operators see and mend of one bounded context.
type Context interface {
	// Name is the context's name, such as "order".
	Name() string
	// Status says how the context fares; it never fails, it says so instead.
	Status(ctx context.Context) *operationsv1.ContextStatus
	// Conditions says what is wrong though the context takes requests: its database
	// takes no writes, its broker is away. Each says what it means.
	Conditions(ctx context.Context) []error
	// ListDeadLetters returns up to limit dead letters with an id above after, oldest first.
	ListDeadLetters(ctx context.Context, after int64, limit int) ([]*operationsv1.DeadLetter, error)
	// Redrive applies dead letters again; no ids mean all. It returns how many were
	// applied and how many of the dead letters taken stay.
	Redrive(ctx context.Context, ids []int64) (redriven, remaining int64, err error)
	// Discard drops dead letters for good and returns how many there were.
	Discard(ctx context.Context, ids []int64) (int64, error)
	// Audit says every record that the context states, those of one kind sorted by
	// order id. It stops with the first error that emit returns.
	Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error
}

// statusTimeout bounds how long a context may take to say how it fares.
const statusTimeout = 3 * time.Second

// Base is a Context but for its Audit. Embed it:
//
//	type orderOperations struct {
//		operations.Base
//		…
//	}
type Base struct {
	name      string
	pool      *pg.Pool
	relay     *outbox.Relay
	consumers []*consumer.Consumer
	also      []func(context.Context) error
}

// NewBase returns the Base of a context. The relay may be nil for a context that
// says nothing.
func NewBase(name string, pool *pg.Pool, relay *outbox.Relay, consumers ...*consumer.Consumer) Base {
	return Base{name: name, pool: pool, relay: relay, consumers: consumers}
}

// Also returns a Base whose conditions include what ask says, nil for none.
func (b Base) Also(ask func(context.Context) error) Base {
	b.also = append(slices.Clip(b.also), ask)
	return b
}

// conditionAfter is how long relay and consumers may be without database or broker
// before that counts as a condition: a restart of either does not.
const conditionAfter = 3 * time.Second

// Conditions asks the database, the relay, the consumers and what Also added.
func (b Base) Conditions(ctx context.Context) []error {
	all := []error{b.pool.Writable(ctx)}
	if b.relay != nil {
		all = append(all, b.relay.Conditions(conditionAfter)...)
	}
	for _, c := range b.consumers {
		all = append(all, c.Conditions(conditionAfter)...)
	}
	for _, ask := range b.also {
		all = append(all, ask(ctx))
	}
	return slices.DeleteFunc(all, func(err error) bool { return err == nil })
}

// AuditOutbox states the events that are still in the outbox, for the end of an Audit.
func (b Base) AuditOutbox(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error {
	pending, _, err := outbox.Waiting(ctx, b.pool, outbox.All)
	if err != nil || pending == 0 {
		return err
	}
	return emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Pending{Pending: &operationsv1.Pending{
		Kind: "OUTBOX", Count: pending, Context: b.name,
	}}})
}

// Name returns the context's name.
func (b Base) Name() string { return b.name }

// Status asks the database, the relay and the consumers.
func (b Base) Status(ctx context.Context) *operationsv1.ContextStatus {
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	status := &operationsv1.ContextStatus{Context: b.name}
	if err := b.read(ctx, status); err != nil {
		status.Cause = pg.Explain(err).Error()
		return status
	}
	status.Ready = true
	for _, err := range b.Conditions(ctx) {
		status.Conditions = append(status.Conditions, err.Error())
	}
	return status
}

func (b Base) read(ctx context.Context, status *operationsv1.ContextStatus) error {
	err := b.pool.QueryRow(ctx, "select coalesce(max(version_id), 0) from goose_db_version where is_applied").
		Scan(&status.SchemaVersion)
	if err != nil {
		return fmt.Errorf("read the schema's version: %w", err)
	}
	if b.relay != nil {
		pending, oldest, err := outbox.Waiting(ctx, b.pool, outbox.All)
		if err != nil {
			return fmt.Errorf("count the outbox: %w", err)
		}
		status.OutboxPending = pending
		if pending > 0 {
			status.OutboxOldestTime = timestamppb.New(oldest)
		}
		const listed = 100
		for _, stopped := range b.relay.Stopped() {
			if len(status.StoppedKeys) == listed {
				break
			}
			status.StoppedKeys = append(status.StoppedKeys, fmt.Sprintf("%s %s: %s", stopped.Topic, stopped.Key, stopped.Cause))
		}
	}
	for _, c := range b.consumers {
		deadLetters, err := c.Count(ctx)
		if err != nil {
			return fmt.Errorf("count dead letters: %w", err)
		}
		status.DeadLetters += deadLetters
		behind, err := c.Behind(ctx)
		if err != nil {
			// The broker is away, which leaves the context ready; what this member
			// saw last is better than nothing.
			behind = c.Lag()
		}
		status.ConsumerLag += behind
	}
	return nil
}

// ListDeadLetters merges the dead letters of all consumers.
func (b Base) ListDeadLetters(ctx context.Context, after int64, limit int) ([]*operationsv1.DeadLetter, error) {
	var all []*operationsv1.DeadLetter
	for _, c := range b.consumers {
		deadLetters, err := c.List(ctx, after, limit)
		if err != nil {
			return nil, err
		}
		for _, deadLetter := range deadLetters {
			all = append(all, b.deadLetter(deadLetter))
		}
	}
	slices.SortFunc(all, func(x, y *operationsv1.DeadLetter) int { return cmp.Compare(x.GetId(), y.GetId()) })
	return all[:min(len(all), limit)], nil
}

func (b Base) deadLetter(deadLetter consumer.DeadLetter) *operationsv1.DeadLetter {
	key := ""
	if deadLetter.Event.Key != uuid.Nil {
		key = deadLetter.Event.Key.String()
	}
	return &operationsv1.DeadLetter{
		Id: deadLetter.ID, Context: b.name, Group: deadLetter.Group,
		Topic: deadLetter.Event.Topic, Partition: deadLetter.Event.Partition, Offset: deadLetter.Event.Offset,
		Key: key, EventId: deadLetter.Event.ID, EventType: deadLetter.Event.Type,
		Cause: deadLetter.Cause, CreateTime: timestamppb.New(deadLetter.CreateTime), ValueSize: int64(len(deadLetter.Event.Payload)),
	}
}

// Redrive hands the dead letters to each consumer, which takes its own.
func (b Base) Redrive(ctx context.Context, ids []int64) (redriven, remaining int64, err error) {
	if len(ids) == 0 {
		ids = nil // a consumer takes an empty list for none, and nil for all
	}
	for _, c := range b.consumers {
		done, err := c.Redrive(ctx, ids...)
		redriven += done.Applied
		remaining += done.Remaining
		if err != nil {
			return redriven, remaining, err
		}
	}
	return redriven, remaining, nil
}

// Discard hands the dead letters to each consumer, which drops its own.
func (b Base) Discard(ctx context.Context, ids []int64) (int64, error) {
	var discarded int64
	for _, c := range b.consumers {
		n, err := c.Discard(ctx, ids...)
		discarded += n
		if err != nil {
			return discarded, err
		}
	}
	return discarded, nil
}
