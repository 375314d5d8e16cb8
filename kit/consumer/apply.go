package consumer

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// transient errors are the database's, or the time's; the events are not to blame.
// They never are for a connection that was refused, be it for a password.
func transient(err error) bool {
	var refused *pgconn.ConnectError
	return pg.Transient(err) || errors.As(err, &refused) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)
}

// attempt applies a part of a batch in one transaction: the handler's effects, and
// the dead letters of events that can't be applied or wait behind one.
func (c *Consumer) attempt(ctx context.Context, part []item) error {
	// A drain lets the transaction finish; only its own time ends it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.bounds.attempt)
	defer cancel()
	ctx, span := c.tracer.Start(ctx, c.group+" batch", trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithLinks(links(part)...), trace.WithAttributes(attribute.Int("messaging.batch.message_count", len(part))))
	defer span.End()
	for _, event := range c.startEvents(ctx, part) {
		defer event.End()
	}
	if crashpoint.On {
		ctx = crashpoint.Within(ctx, kinds(part))
	}

	started := time.Now()
	var deadLetters int
	err := c.pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		events, dead, none, err := c.sort(ctx, tx, part)
		if err != nil {
			return err
		}
		if deadLetters = len(dead); deadLetters > 0 {
			if err := c.setAside(ctx, tx, dead); err != nil {
				return err
			}
		} else if none {
			tx.OnCommit(func() { c.mayBeQuarantined.Store(false) })
		}
		if len(events) == 0 {
			return nil
		}
		return c.call(ctx, tx, events)
	})
	if err != nil {
		span.SetStatus(codes.Error, "not applied")
		return err
	}
	c.meters.applied(ctx, len(part), deadLetters, time.Since(started))
	return nil
}

// sort parts the events that can be applied from those that become dead letters. none is
// true when the group has no dead letter at all.
func (c *Consumer) sort(ctx context.Context, tx *pg.Tx, part []item) (events []Event, dead []item, none bool, err error) {
	var waiting map[quarantinedKey]bool
	for _, it := range part {
		if it.malformed != nil || it.cause != "" {
			// Set before the commit: a flag that is set for nothing costs one query.
			c.mayBeQuarantined.Store(true)
			break
		}
	}
	if c.mayBeQuarantined.Load() {
		if waiting, none, err = c.quarantinedAmong(ctx, tx, part); err != nil {
			return nil, nil, false, err
		}
	}
	events = make([]Event, 0, len(part))
	for _, it := range part {
		switch {
		case it.malformed != nil:
			it.cause = it.malformed.Error()
			dead = append(dead, it)
		case it.cause != "", waiting[quarantinedKey{it.Topic, it.Key}]:
			dead = append(dead, it)
		default:
			events = append(events, it.Event)
		}
	}
	return events, dead, none, nil
}

// call runs the handler; a panic of it counts as a failure of the events.
func (c *Consumer) call(ctx context.Context, tx *pg.Tx, events []Event) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return c.handle(ctx, tx, events)
}

// startEvents starts a span for each event of a batch that is recorded, in the trace of the
// event: a trace then shows what all services did about it, though they did it together with
// other events, whose batch the span links to.
func (c *Consumer) startEvents(ctx context.Context, part []item) []trace.Span {
	var spans []trace.Span
	batch := trace.LinkFromContext(ctx)
	for _, it := range part {
		if !it.Span.IsSampled() {
			continue
		}
		_, span := c.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, it.Span), c.group+" event",
			trace.WithSpanKind(trace.SpanKindConsumer), trace.WithLinks(batch))
		spans = append(spans, span)
	}
	return spans
}

// links ties a batch's span to those of its events that are recorded.
func links(part []item) []trace.Link {
	var ls []trace.Link
	for _, it := range part {
		if it.Span.IsSampled() {
			ls = append(ls, trace.Link{SpanContext: it.Span})
		}
	}
	return ls
}

type quarantinedKey struct {
	topic string
	key   uuid.UUID
}

// lockClass keeps the advisory locks of this package apart from others: "dlq" in ASCII.
const lockClass int32 = 0x646c71

// quarantinedAmong finds the quarantined keys among those of a batch. The shared lock
// keeps a redrive from taking a key's last dead letter between this query and the batch's
// commit: an event would then be set aside, with nothing before it to be redriven with.
func (c *Consumer) quarantinedAmong(ctx context.Context, tx *pg.Tx, part []item) (waiting map[quarantinedKey]bool, none bool, err error) {
	if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock_shared($1, hashtext($2))`, lockClass, c.group); err != nil {
		return nil, false, err
	}
	keys := make([]uuid.UUID, 0, len(part))
	for _, it := range part {
		if it.malformed == nil {
			keys = append(keys, it.Key)
		}
	}
	rows, err := tx.Query(ctx, `-- name: QuarantinedKeys :many
		select '' as topic, $2::uuid as key where exists (select from dead_letters where consumer_group = $1)
		union all
		select distinct topic, key from dead_letters where consumer_group = $1 and key = any($3::uuid[])`,
		c.group, uuid.Nil, keys)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	none = true
	waiting = map[quarantinedKey]bool{}
	for rows.Next() {
		var k quarantinedKey
		if err := rows.Scan(&k.topic, &k.key); err != nil {
			return nil, false, err
		}
		none = false
		waiting[k] = true
	}
	delete(waiting, quarantinedKey{})
	return waiting, none, rows.Err()
}

// setAside queues the insert of dead letters. A record that comes again finds its row.
func (c *Consumer) setAside(ctx context.Context, tx *pg.Tx, dead []item) error {
	n := len(dead)
	topics, partitions, offsets := make([]string, n), make([]int32, n), make([]int64, n)
	keys, ids, types, versions := make([]uuid.UUID, n), make([]string, n), make([]string, n), make([]int64, n)
	times, values, traces, causes := make([]time.Time, n), make([][]byte, n), make([]string, n), make([]string, n)
	for i, d := range dead {
		topics[i], partitions[i], offsets[i] = d.Topic, d.Partition, d.Offset
		keys[i], ids[i], types[i], versions[i] = d.Key, text(d.ID), text(d.Type), d.Version
		times[i], values[i], traces[i], causes[i] = d.Time, d.Payload, d.Traceparent, text(d.cause)
	}
	// A broker that lost its data, or a restored database, counts its records from 0 again: a dead letter from before may hold the
	// place of another event. It moves below zero, where no record is; the dead letters' order is that of their ids.
	if _, err := tx.Exec(ctx, `-- name: MakeRoom :exec
		update dead_letters d set record_offset = -d.id
		from unnest($2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::text[], $7::bytea[]) as n(topic, partition, record_offset, key, event_id, value)
		where d.consumer_group = $1 and d.topic = n.topic and d.partition = n.partition and d.record_offset = n.record_offset
		  and (d.key, d.event_id, d.value) is distinct from (n.key, n.event_id, n.value)`,
		c.group, topics, partitions, offsets, keys, ids, values); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `-- name: SetAside :exec
		insert into dead_letters (consumer_group, topic, partition, record_offset, key, event_id, event_type,
		  version, event_time, value, traceparent, cause)
		select $1, * from unnest($2::text[], $3::int[], $4::bigint[], $5::uuid[], $6::text[], $7::text[],
		  $8::bigint[], $9::timestamptz[], $10::bytea[], $11::text[], $12::text[])
		on conflict (consumer_group, topic, partition, record_offset) do nothing`,
		c.group, topics, partitions, offsets, keys, ids, types, versions, times, values, traces, causes)
	return err
}
