-- name: RefundListByPayments :many
select * from refunds
where payment_id = any(@payment_ids::uuid[])
order by payment_id, id;

-- name: RefundInsertMany :exec
insert into refunds (
  id, payment_id, order_id, currency, amount, status, reason, requester, provider_refund_id, failure_code,
  attempt_count, due_time, version, traceparent, create_time, update_time
)
select
  unnest(@ids::uuid[]), unnest(@payment_ids::uuid[]), unnest(@order_ids::uuid[]), unnest(@currencies::text[]),
  unnest(@amounts::bigint[]), 1, unnest(@reasons::text[]), unnest(@requesters::text[]), '', '',
  0, unnest(@due_times::timestamptz[]), 0, unnest(@traceparents::text[]), unnest(@times::timestamptz[]),
  unnest(@times::timestamptz[]);

-- name: RefundUpdateMany :exec
update refunds r
set status = u.status, provider_refund_id = u.provider_refund_id, failure_code = u.failure_code,
  attempt_count = u.attempt_count, due_time = nullif(u.due_time, 'epoch'), version = u.version,
  update_time = u.update_time
from (
  select
    unnest(@ids::uuid[]) as id, unnest(@statuses::smallint[]) as status,
    unnest(@provider_refund_ids::text[]) as provider_refund_id, unnest(@failure_codes::text[]) as failure_code,
    unnest(@attempt_counts::integer[]) as attempt_count, unnest(@due_times::timestamptz[]) as due_time,
    unnest(@versions::bigint[]) as version, unnest(@update_times::timestamptz[]) as update_time
) u
where r.id = u.id;

-- name: RefundTakeDue :many
-- Extends the lease of refunds whose time has come, as PaymentTakeDue does.
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

-- name: RefundNewestSuccess :one
-- When money was last given back; the epoch when it never was. Status 2 is SUCCEEDED.
select coalesce(max(update_time), 'epoch')::timestamptz as newest from refunds where status = 2;

-- name: RefundPaymentsSince :many
-- The payments of which money was given back since a time, after the one given, by
-- id. Along the index of payment_id and not by time: no index holds update_time, and
-- one walk then serves all batches. The limit is outbox.RepublishRows, written out so that a
-- plan for any values knows how little is wanted.
select distinct payment_id from refunds
where status = 2 and update_time >= @since and payment_id > @after_payment_id
order by payment_id
limit 500;
