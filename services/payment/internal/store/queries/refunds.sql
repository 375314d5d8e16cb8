-- name: RefundListByPayments :many
select * from refunds
where payment_id = any(@payment_ids::uuid[])
order by payment_id, id;

-- name: RefundInsertMany :exec
insert into refunds (
  id, payment_id, order_id, currency, amount, status, reason, requester, provider_refund_id, failure_code,
  attempt_count, due_time, version, traceparent, create_time, update_time, origin, customer_id, guest_key
)
select
  unnest(@ids::uuid[]), unnest(@payment_ids::uuid[]), unnest(@order_ids::uuid[]), unnest(@currencies::text[]),
  unnest(@amounts::bigint[]), 1, unnest(@reasons::text[]), unnest(@requesters::text[]),
  unnest(@provider_refund_ids::text[]), '',
  0, unnest(@due_times::timestamptz[]), 0, unnest(@traceparents::text[]), unnest(@times::timestamptz[]),
  unnest(@times::timestamptz[]), unnest(@origins::smallint[]),
  nullif(unnest(@customer_ids::uuid[]), '00000000-0000-0000-0000-000000000000'),
  nullif(unnest(@guest_keys::uuid[]), '00000000-0000-0000-0000-000000000000');

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

-- name: RefundErase :many
-- Blanks the reasons that people typed about somebody, and returns which refunds those
-- are. The reason of a cancelled order (origin 2) is the program's own.
update refunds
set reason = case when origin = 1 then '' else reason end, customer_id = null, guest_key = null
where customer_id = any(@people::uuid[]) or guest_key = any(@people::uuid[])
returning id;

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
