// Package idempotency answers a repeated request with its first answer (AIP-155). A
// request is identified by its caller, its RPC and its request_id. A failed attempt
// stores nothing, so the request can be sent again under the same request_id.
package idempotency

import (
	"context"
	"embed"
	"fmt"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Tables are the stored answers, for pg.Schema.
func Tables() pg.Tables { return pg.NewTables("idempotency", migrations) }

const (
	// Retention is how long answers are kept where nothing else is set.
	Retention = 48 * time.Hour
	// purgeEvery is how often RunPurge purges.
	purgeEvery = time.Minute
	// purgedAtOnce bounds what one statement deletes: some ten milliseconds of work.
	purgedAtOnce = 1000
)

// Key names a request: two callers, or two RPCs, may use one id independently.
type Key struct {
	Caller, RPC string
	RequestID   uuid.UUID
}

// Record is a request that was answered. Request and Response are serialized messages.
type Record struct {
	Key
	Request  []byte
	Response []byte
}

// Reply compares the record's request with req, as messages, and reads its
// response into empty. Another request is a fault: ALREADY_EXISTS, REQUEST_ID_REUSED.
func (r Record) Reply(req, empty proto.Message) error {
	first := req.ProtoReflect().New().Interface()
	if err := proto.Unmarshal(r.Request, first); err != nil {
		return fmt.Errorf("read the stored request %s: %w", r.RequestID, err)
	}
	if !proto.Equal(first, req) {
		return Reused(r.RequestID)
	}
	if err := proto.Unmarshal(r.Response, empty); err != nil {
		return fmt.Errorf("read the stored response of %s: %w", r.RequestID, err)
	}
	return nil
}

// Reused is the fault of a request id that came with another request than the first time.
func Reused(id uuid.UUID) *fault.Error {
	return fault.New(fault.AlreadyExists, fault.ReasonRequestIDReused,
		"request_id %s was used for another request; send the first one again, or use a new id", id).
		With("request_id", id.String())
}

// NewRecord serializes a request and its response.
func NewRecord(key Key, req, res proto.Message) (Record, error) {
	request, err := marshal(req)
	if err != nil {
		return Record{}, fmt.Errorf("store request %s: %w", key.RequestID, err)
	}
	response, err := marshal(res)
	if err != nil {
		return Record{}, fmt.Errorf("store response of %s: %w", key.RequestID, err)
	}
	return Record{Key: key, Request: request, Response: response}, nil
}

// marshal never returns nil, which would be NULL.
func marshal(m proto.Message) ([]byte, error) {
	return proto.MarshalOptions{Deterministic: true}.MarshalAppend([]byte{}, m)
}

const constraint = "idempotency_pkey"

// Run runs fn in a transaction unless the request was answered before; then it
// returns that answer, in a message made like empty. A request whose first attempt
// is still running waits for its end. An error of fn undoes everything, and the
// request can be sent again. fn may run more than once; see pg.Pool.InTx.
func Run[Res proto.Message](ctx context.Context, pool *pg.Pool, key Key, req proto.Message, empty Res,
	fn func(ctx context.Context, tx *pg.Tx) (Res, error),
) (Res, error) {
	var res Res
	request, err := marshal(req)
	if err != nil {
		return res, fmt.Errorf("store request %s: %w", key.RequestID, err)
	}
	err = pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		// Queued: it travels with fn's first read, and a repeat fails before that read.
		if _, err := tx.Exec(ctx, `-- name: ClaimRequest :exec
			insert into idempotency (request_id, rpc, caller, request, response) values ($1, $2, $3, $4, '')`,
			key.RequestID, key.RPC, key.Caller, request); err != nil {
			return err
		}
		if res, err = fn(ctx, tx); err != nil {
			return err
		}
		response, err := marshal(res)
		if err != nil {
			return fmt.Errorf("store response of %s: %w", key.RequestID, err)
		}
		_, err = tx.Exec(ctx, `-- name: AnswerRequest :exec
			update idempotency set response = $4 where request_id = $1 and rpc = $2 and caller = $3`,
			key.RequestID, key.RPC, key.Caller, response)
		return err
	})
	if err == nil || pg.Violated(err) != constraint {
		return res, err
	}
	return replay(ctx, pool, key, req, empty)
}

func replay[Res proto.Message](ctx context.Context, pool *pg.Pool, key Key, req proto.Message, empty Res) (Res, error) {
	var none Res
	records, err := Lookup(ctx, pool, []Key{key})
	if err != nil {
		return none, err
	}
	record, ok := records[key]
	if !ok {
		// Purged between the two statements, at the end of its retention.
		return none, fault.New(fault.Aborted, fault.ReasonRequestIDReused, "request_id %s expired just now; use a new id", key.RequestID)
	}
	answer := empty.ProtoReflect().New().Interface().(Res)
	if err := record.Reply(req, answer); err != nil {
		return none, err
	}
	return answer, nil
}

// Lookup returns the records of those keys that were answered, in one round trip.
func Lookup(ctx context.Context, db pg.Querier, keys []Key) (map[Key]Record, error) {
	ids, rpcs, callers := columns(len(keys), func(i int) Key { return keys[i] })
	rows, err := db.Query(ctx, lookupRequests, ids, rpcs, callers)
	if err != nil {
		return nil, fmt.Errorf("look up request ids: %w", err)
	}
	found := make(map[Key]Record)
	if err := readRecords(rows, found); err != nil {
		return nil, err
	}
	return found, nil
}

// Save queues the insert of answered requests. When another transaction answered
// one of them meanwhile, the transaction fails with a violation of idempotency_pkey.
func Save(ctx context.Context, tx *pg.Tx, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	ids, rpcs, callers := columns(len(records), func(i int) Key { return records[i].Key })
	requests, responses := make([][]byte, len(records)), make([][]byte, len(records))
	for i, r := range records {
		requests[i], responses[i] = r.Request, r.Response
	}
	_, err := tx.Exec(ctx, `-- name: SaveRequests :exec
		insert into idempotency (request_id, rpc, caller, request, response)
		select * from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[])`,
		ids, rpcs, callers, requests, responses)
	return err
}

func columns(n int, key func(int) Key) (ids []uuid.UUID, rpcs, callers []string) {
	ids, rpcs, callers = make([]uuid.UUID, n), make([]string, n), make([]string, n)
	for i := range n {
		k := key(i)
		ids[i], rpcs[i], callers[i] = k.RequestID, k.RPC, k.Caller
	}
	return ids, rpcs, callers
}

// Purge deletes the records that were made before a time, and returns how many. It
// deletes a thousand in a transaction and skips what another purge has locked, so that
// calls go on meanwhile.
func Purge(ctx context.Context, pool *pg.Pool, before time.Time) (int64, error) {
	var sum int64
	for {
		tag, err := pool.Exec(ctx, `-- name: PurgeRequests :execrows
			with old as materialized (
			  select request_id, rpc, caller from idempotency where create_time < $1 order by create_time limit $2 for update skip locked
			)
			delete from idempotency i using old
			where i.request_id = old.request_id and i.rpc = old.rpc and i.caller = old.caller`, before, purgedAtOnce)
		if err != nil {
			return sum, fmt.Errorf("purge request ids: %w", err)
		}
		sum += tag.RowsAffected()
		if tag.RowsAffected() < purgedAtOnce {
			return sum, nil
		}
	}
}

// RunPurge purges what is older than the retention as it is then, at once and then every
// minute, until ctx ends.
func RunPurge(ctx context.Context, pool *pg.Pool, retention func() time.Duration, now func() time.Time) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		if _, err := Purge(ctx, pool, now().Add(-retention())); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
