// Package operations serves shopmesh.operations.v1: the status of a process's contexts,
// their dead letters, and their records for an audit. Each context takes part with a
// Context; Base implements all of it except Audit.
package operations

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/structpb"
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
	// Status reports the state of the context; an error is a part of it.
	Status(ctx context.Context) *operationsv1.ContextStatus
	// Conditions are what is wrong while the context takes requests: its database takes
	// no writes, its broker is away. Each names what follows from it.
	Conditions(ctx context.Context) []error
	// ListDeadLetters returns up to limit dead letters with an id above after, oldest first.
	ListDeadLetters(ctx context.Context, after int64, limit int) ([]*operationsv1.DeadLetter, error)
	// Redrive applies dead letters again; no ids mean all. It returns how many were
	// applied and how many of the dead letters taken stay.
	Redrive(ctx context.Context, ids []int64) (redriven, remaining int64, err error)
	// GetDeadLetter returns a dead letter with its event; nil when there is none of the id.
	GetDeadLetter(ctx context.Context, id int64) (*operationsv1.GetDeadLetterResponse, error)
	// Discard drops dead letters for good and returns those that there were.
	Discard(ctx context.Context, ids []int64) ([]*operationsv1.DeadLetter, error)
	// Audit emits the context's records, those of one kind sorted by order id. It stops
	// with the first error that emit returns.
	Audit(ctx context.Context, emit func(*operationsv1.AuditRecord) error) error
}

// statusTimeout bounds how long a context may take to report its state.
const statusTimeout = 3 * time.Second

// Base implements Context except for Audit. Embed it:
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

// NewBase returns the Base of a context. The relay is nil for a context that publishes
// nothing.
func NewBase(name string, pool *pg.Pool, relay *outbox.Relay, consumers ...*consumer.Consumer) Base {
	return Base{name: name, pool: pool, relay: relay, consumers: consumers}
}

// Also returns a Base whose conditions include the one that condition returns, nil for none.
func (b Base) Also(condition func(context.Context) error) Base {
	b.also = append(slices.Clip(b.also), condition)
	return b
}

// conditionAfter is how long relay and consumers may be without database or broker
// before that counts as a condition: a restart of either does not.
const conditionAfter = 3 * time.Second

// Conditions are those of the database, the relay, the consumers and what Also added.
func (b Base) Conditions(ctx context.Context) []error {
	all := []error{b.pool.Writable(ctx)}
	if b.relay != nil {
		all = append(all, b.relay.Conditions(conditionAfter)...)
	}
	for _, c := range b.consumers {
		all = append(all, c.Conditions(conditionAfter)...)
	}
	for _, condition := range b.also {
		all = append(all, condition(ctx))
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

// Status reads the database, the relay and the consumers.
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

// GetDeadLetter finds the dead letter among those of all consumers.
func (b Base) GetDeadLetter(ctx context.Context, id int64) (*operationsv1.GetDeadLetterResponse, error) {
	for _, c := range b.consumers {
		deadLetter, found, err := c.Get(ctx, id)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		res := &operationsv1.GetDeadLetterResponse{DeadLetter: b.deadLetter(deadLetter), Value: deadLetter.Event.Payload}
		if res.Event, err = readable(deadLetter.Event); err != nil {
			res.Unreadable = err.Error()
		}
		return res, nil
	}
	return nil, nil
}

// readable is the event's message as JSON. Its type is known when a context of this
// process handles or publishes it.
func readable(e consumer.Event) (*structpb.Struct, error) {
	kind, err := protoregistry.GlobalTypes.FindMessageByName(protoreflect.FullName(e.Type))
	if err != nil {
		return nil, fmt.Errorf("the event's type %.100q is not known to this program", e.Type)
	}
	message := kind.New().Interface()
	if err := proto.Unmarshal(e.Payload, message); err != nil {
		return nil, fmt.Errorf("its value is no %s: %w", e.Type, err)
	}
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("write %s as JSON: %w", e.Type, err)
	}
	event := &structpb.Struct{}
	if err := protojson.Unmarshal(text, event); err != nil {
		return nil, fmt.Errorf("write %s as an object: %w", e.Type, err)
	}
	return event, nil
}

// Discard hands the dead letters to each consumer, which drops its own.
func (b Base) Discard(ctx context.Context, ids []int64) ([]*operationsv1.DeadLetter, error) {
	var discarded []*operationsv1.DeadLetter
	for _, c := range b.consumers {
		dropped, err := c.Discard(ctx, ids...)
		for _, deadLetter := range dropped {
			discarded = append(discarded, b.deadLetter(deadLetter))
		}
		if err != nil {
			return discarded, err
		}
	}
	return discarded, nil
}
