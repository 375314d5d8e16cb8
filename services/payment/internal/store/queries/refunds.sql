-- name: RefundListByPayments :many
select * from refunds
where payment_id = any(@payment_ids::uuid[])
order by payment_id, id;

-- name: RefundInsertMany :exec
-- What somebody typed (origin 1) about an erased order is not kept.
insert into refunds (
  id, payment_id, order_id, currency, amount, status, reason, requester, provider_refund_id, failure_code,
  attempt_count, due_time, version, traceparent, create_time, update_time, origin, lines
)
select
  r.id, r.payment_id, r.order_id, r.currency, r.amount, 1,
  case when r.origin = 1 and exists (select from erased_orders e where e.order_id = r.order_id) then '' else r.reason end,
  r.requester, r.provider_refund_id, '', 0, r.due_time, 0, r.traceparent, r.time, r.time, r.origin, nullif(r.lines, '')::jsonb
from (
  select
    unnest(@ids::uuid[]) as id, unnest(@payment_ids::uuid[]) as payment_id, unnest(@order_ids::uuid[]) as order_id,
    unnest(@currencies::text[]) as currency, unnest(@amounts::bigint[]) as amount, unnest(@reasons::text[]) as reason,
    unnest(@requesters::text[]) as requester, unnest(@provider_refund_ids::text[]) as provider_refund_id,
    unnest(@due_times::timestamptz[]) as due_time, unnest(@traceparents::text[]) as traceparent,
    unnest(@times::timestamptz[]) as time, unnest(@origins::smallint[]) as origin,
    unnest(@lines::text[]) as lines
) r;

-- name: RefundUpdateMany :exec
update refunds r
set status = u.status, provider_refund_id = u.provider_refund_id, failure_code = u.failure_code,
  attempt_count = u.attempt_count, due_time = nullif(u.due_time, 'epoch'), version = u.version,
  update_time = u.update_time, poll_count = u.poll_count
from (
  select
    unnest(@ids::uuid[]) as id, unnest(@statuses::smallint[]) as status,
    unnest(@provider_refund_ids::text[]) as provider_refund_id, unnest(@failure_codes::text[]) as failure_code,
    unnest(@attempt_counts::integer[]) as attempt_count, unnest(@due_times::timestamptz[]) as due_time,
    unnest(@versions::bigint[]) as version, unnest(@update_times::timestamptz[]) as update_time,
    unnest(@poll_counts::integer[]) as poll_count
) u
where r.id = u.id;

-- name: RefundClaimDue :many
-- Extends the lease of refunds that are due, as PaymentClaimDue does.
with taken as materialized (
  select d.id, p.provider, p.provider_charge_id from refunds d
  join payments p on p.id = d.payment_id
  where d.due_time <= @due::timestamptz
  order by d.due_time
  limit @maximum::int
  for update of d skip locked
)
update refunds r
set due_time = @lease::timestamptz
from taken
where r.id = taken.id
returning sqlc.embed(r), taken.provider, taken.provider_charge_id;

-- name: RefundGet :one
select * from refunds where id = @id;

-- name: RefundErase :exec
-- Blanks the reasons that people typed about erased orders. The reason of a cancelled
-- order (origin 2) is the program's own.
update refunds r
set reason = ''
from payments p
where p.order_id = any(@order_ids::uuid[]) and r.payment_id = p.id and r.origin = 1 and r.reason <> '';

-- name: RepublishNewest :one
-- When a refund last succeeded or a dispute last changed; the epoch when neither ever
-- did. Status 2 is SUCCEEDED.
select greatest(
  (select max(r.update_time) from refunds r where r.status = 2), (select max(d.update_time) from disputes d), 'epoch'
)::timestamptz as newest;

-- name: RepublishPaymentsSince :many
-- The payments with a refund that succeeded or a dispute that changed since a time,
-- after the one given, by id. Along the index of payment_id and not by time: no index
-- holds update_time, and one walk then serves all batches. The limit is the
-- outbox.RepublishRows, written out so that a plan for any values knows how few are wanted.
(
  select r.payment_id from refunds r
  where r.status = 2 and r.update_time >= @since and r.payment_id > @after_payment_id
  union
  select d.payment_id from disputes d
  where d.update_time >= @since and d.payment_id > @after_payment_id
)
order by payment_id
limit 500;
