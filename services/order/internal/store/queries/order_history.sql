-- name: OrderHistoryInsertMany :exec
insert into order_history (order_id, version, state, cancel_reason, note, actor, trace_id, create_time)
select unnest(@order_ids::uuid[]), unnest(@versions::bigint[]), unnest(@states::smallint[]), unnest(@cancel_reasons::smallint[]),
  unnest(@notes::text[]), unnest(@actors::text[]), unnest(@trace_ids::text[]), unnest(@create_times::timestamptz[]);

-- name: OrderHistoryTail :many
-- What watchers have not seen: each is an order and the last version it saw.
select w.watcher::bigint as watcher, h.version, h.state, h.cancel_reason, h.note, h.actor, h.trace_id, h.create_time
from (select unnest(@watchers::bigint[]) as watcher, unnest(@order_ids::uuid[]) as order_id, unnest(@after_versions::bigint[]) as after_version) as w
join order_history h on h.order_id = w.order_id and h.version > w.after_version
order by w.watcher, h.version;
