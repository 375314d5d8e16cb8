// Package outbox publishes events if and only if the change that they report is
// committed: Write stores them in the transaction that changes the state, and a Relay
// publishes them to the broker and deletes them.
package outbox

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Tables are the outbox and its leader, for pg.Schema.
func Tables() pg.Tables { return pg.NewTables("outbox", migrations) }

// Event is something that happened to an aggregate.
type Event struct {
	// Topic is the aggregate's topic.
	Topic string
	// Key is the aggregate's id. Events of one key are published in the order in
	// which they were written; write them under the aggregate's row lock.
	Key uuid.UUID
	// Version is the aggregate's version after the event. Key, version and type
	// together are the event's identity: an event that is republished keeps it.
	Version int64
	Message proto.Message
	// Time is when it happened.
	Time time.Time
	// Traceparent continues another trace than ctx's: a consumer that handles many orders
	// in one batch sets it to that of the event that it answers. Optional.
	Traceparent string
}

const insert = `-- name: WriteOutbox :exec
insert into outbox (topic, key, version, type, source, payload, traceparent, create_time)
select e.topic, e.key, e.version, e.type, $1, e.payload, e.traceparent, e.create_time
from unnest($2::text[], $3::uuid[], $4::bigint[], $5::text[], $6::bytea[], $7::text[], $8::timestamptz[])
  as e(topic, key, version, type, payload, traceparent, create_time)`

// Write queues the events in tx with one statement; they are published in the
// order given after tx commits. source is the context's, like /shopmesh/order.
// Wake the relay with tx.OnCommit(relay.Wake).
func Write(ctx context.Context, tx *pg.Tx, source string, events ...Event) error {
	if len(events) == 0 {
		return nil
	}
	n := len(events)
	topics, keys, versions, types := make([]string, n), make([]uuid.UUID, n), make([]int64, n), make([]string, n)
	payloads, traceparents, times := make([][]byte, n), make([]string, n), make([]time.Time, n)
	here := trace.FromContext(ctx)
	for i, e := range events {
		if e.Message == nil || e.Topic == "" || e.Key == uuid.Nil || e.Time.IsZero() {
			return fmt.Errorf("outbox event %d of %d: topic, key, message and time must be set", i+1, n)
		}
		payload, err := proto.Marshal(e.Message)
		if err != nil {
			return fmt.Errorf("outbox event %d of %d: %w", i+1, n, err)
		}
		if payload == nil {
			payload = []byte{} // a message without a set field; NULL would be refused
		}
		topics[i], keys[i], versions[i] = e.Topic, e.Key, e.Version
		types[i], payloads[i], times[i] = string(e.Message.ProtoReflect().Descriptor().FullName()), payload, e.Time
		traceparents[i] = here
		if e.Traceparent != "" {
			traceparents[i] = e.Traceparent
		}
	}
	_, err := tx.Exec(ctx, insert, source, topics, keys, versions, types, payloads, traceparents, times)
	return err
}
