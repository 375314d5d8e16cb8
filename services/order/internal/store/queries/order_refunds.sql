-- name: OrderRefundUpsertMany :exec
insert into order_refunds (refund_id, order_id, amount, refunded_amount, reason, version, mail_awaited)
select unnest(@refund_ids::uuid[]), unnest(@order_ids::uuid[]), unnest(@amounts::bigint[]), unnest(@refunded_amounts::bigint[]),
  unnest(@reasons::text[]), unnest(@versions::bigint[]), unnest(@mails_awaited::boolean[])
on conflict (refund_id) do update set mail_awaited = excluded.mail_awaited, reason = excluded.reason;

-- name: OrderRefundListMany :many
-- A statement of its own behind the lock: it sees what the last holder wrote.
select order_id, refund_id, amount, refunded_amount, reason, version, mail_awaited
from order_refunds where order_id = any(@order_ids::uuid[]) order by order_id, version;
