-- name: OrderHistoryInsertMany :exec
insert into order_history (order_id, version, step, state, cancel_reason, note, actor, trace_id, create_time)
select unnest(@order_ids::uuid[]), unnest(@versions::bigint[]), unnest(@steps::smallint[]), unnest(@states::smallint[]), unnest(@cancel_reasons::smallint[]),
  unnest(@notes::text[]), unnest(@actors::text[]), unnest(@trace_ids::text[]), unnest(@create_times::timestamptz[]);

-- name: OrderHistoryTail :many
-- What watchers have not seen: each is an order and the last version it saw.
select w.watcher::bigint as watcher, sqlc.embed(h)
from (select unnest(@watchers::bigint[]) as watcher, unnest(@order_ids::uuid[]) as order_id, unnest(@after_versions::bigint[]) as after_version) as w
join order_history h on h.order_id = w.order_id and h.version > w.after_version
order by w.watcher, h.version;

-- name: OrderHistoryListMany :many
select sqlc.embed(h) from order_history h where h.order_id = any(@order_ids::uuid[]) order by h.order_id, h.version;

-- name: OrderHistoryErase :exec
-- What people wrote when they cancelled an order (reason 4 REQUESTED).
update order_history set note = '' where order_id = any(@order_ids::uuid[]) and cancel_reason = 4 and note <> '';

-- name: OrderHistoryNewestClaim :one
-- When an order was last claimed (step 6 CLAIMED); the epoch when none ever was.
select coalesce(max(create_time), 'epoch')::timestamptz as newest from order_history where step = 6;

-- name: OrderHistoryListClaimsSince :many
-- The next orders that were claimed since a time, by id. The limit is outbox.RepublishRows,
-- written out so that a plan for any values knows how few are wanted.
select h.order_id, o.customer_id::uuid as customer_id, h.version, h.create_time
from order_history h join orders o on o.id = h.order_id
where h.step = 6 and h.create_time >= @since and h.order_id > @after_order_id and o.customer_id is not null and not o.erased
order by h.order_id
limit 500
for no key update of o;
