package idempotency

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/pg"
)

const lookupRequests = `-- name: LookupRequests :many
		select i.request_id, i.rpc, i.caller, i.request, i.response
		from unnest($1::uuid[], $2::text[], $3::text[]) as k(request_id, rpc, caller)
		join idempotency i using (request_id, rpc, caller)`

// QueueLookup adds the look-up of keys to a batch, so that it shares the round trip of
// other statements. The records of those that were answered are in found when the
// batch was read.
func QueueLookup(b *pgx.Batch, keys []Key, found map[Key]Record) {
	ids, rpcs, callers := columns(len(keys), func(i int) Key { return keys[i] })
	b.Queue(lookupRequests, ids, rpcs, callers).Query(func(rows pgx.Rows) error { return readRecords(rows, found) })
}

func readRecords(rows pgx.Rows, found map[Key]Record) error {
	var r Record
	_, err := pgx.ForEachRow(rows, []any{&r.RequestID, &r.RPC, &r.Caller, &r.Request, &r.Response}, func() error {
		found[r.Key] = r
		return nil
	})
	if err != nil {
		return fmt.Errorf("look up request ids: %w", err)
	}
	return nil
}

// Replace queues the update of stored requests and answers, for an erasure: what they
// hold about a person goes, and the request ids stay used.
func Replace(ctx context.Context, tx *pg.Tx, records []Record) error {
	if len(records) == 0 {
		return nil
	}
	ids, rpcs, callers := columns(len(records), func(i int) Key { return records[i].Key })
	requests, responses := make([][]byte, len(records)), make([][]byte, len(records))
	for i, r := range records {
		requests[i], responses[i] = r.Request, r.Response
	}
	_, err := tx.Exec(ctx, `-- name: ReplaceRequests :exec
		update idempotency i set request = n.request, response = n.response
		from unnest($1::uuid[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) as n(request_id, rpc, caller, request, response)
		where i.request_id = n.request_id and i.rpc = n.rpc and i.caller = n.caller`,
		ids, rpcs, callers, requests, responses)
	return err
}
