-- name: PaymentLockByOrders :many
select * from payments
where order_id = any(@order_ids::uuid[])
order by id
for update;

-- name: PaymentLock :many
select * from payments
where id = any(@ids::uuid[])
order by id
for update;

-- name: PaymentInsertMany :exec
-- The customer is not kept for an order whose person was erased before.
insert into payments (
  id, order_id, reference, currency, amount, captured, refunded, status, method, provider,
  provider_charge_id, failure_code, order_cancelled, attempt_count, due_time, version,
  traceparent, create_time, update_time, customer_id
)
select
  p.id, p.order_id, p.reference, p.currency, p.amount, p.captured, 0, p.status, p.method, p.provider,
  '', p.failure_code, p.order_cancelled, 0, nullif(p.due_time, 'epoch'), p.version,
  p.traceparent, p.time, p.time,
  case when not exists (select from erased_orders e where e.order_id = p.order_id)
    then nullif(p.customer_id, '00000000-0000-0000-0000-000000000000') end
from (
  select
    unnest(@ids::uuid[]) as id, unnest(@order_ids::uuid[]) as order_id,
    unnest(@payment_references::text[]) as reference, unnest(@currencies::text[]) as currency,
    unnest(@amounts::bigint[]) as amount, unnest(@captured::bigint[]) as captured,
    unnest(@statuses::smallint[]) as status, unnest(@methods::text[]) as method,
    unnest(@providers::text[]) as provider, unnest(@failure_codes::text[]) as failure_code,
    unnest(@orders_cancelled::boolean[]) as order_cancelled, unnest(@due_times::timestamptz[]) as due_time,
    unnest(@versions::bigint[]) as version, unnest(@traceparents::text[]) as traceparent,
    unnest(@times::timestamptz[]) as time, unnest(@customer_ids::uuid[]) as customer_id
) p;

-- name: PaymentUpdateMany :exec
update payments p
set captured = u.captured, refunded = u.refunded, status = u.status, provider_charge_id = u.provider_charge_id,
  failure_code = u.failure_code, order_cancelled = u.order_cancelled, attempt_count = u.attempt_count,
  due_time = nullif(u.due_time, 'epoch'), version = u.version, update_time = u.update_time,
  pending_reason = u.pending_reason, action_required_time = nullif(u.action_required_time, 'epoch'),
  processing_time = nullif(u.processing_time, 'epoch'), poll_count = u.poll_count, poll_time = nullif(u.poll_time, 'epoch')
from (
  select
    unnest(@ids::uuid[]) as id, unnest(@captured::bigint[]) as captured, unnest(@refunded::bigint[]) as refunded,
    unnest(@statuses::smallint[]) as status, unnest(@provider_charge_ids::text[]) as provider_charge_id,
    unnest(@failure_codes::text[]) as failure_code, unnest(@orders_cancelled::boolean[]) as order_cancelled,
    unnest(@attempt_counts::integer[]) as attempt_count, unnest(@due_times::timestamptz[]) as due_time,
    unnest(@versions::bigint[]) as version, unnest(@update_times::timestamptz[]) as update_time,
    unnest(@pending_reasons::smallint[]) as pending_reason, unnest(@action_required_times::timestamptz[]) as action_required_time,
    unnest(@processing_times::timestamptz[]) as processing_time, unnest(@poll_counts::integer[]) as poll_count,
    unnest(@poll_times::timestamptz[]) as poll_time
) u
where p.id = u.id;

-- name: PaymentClaimDue :many
-- Extends the lease of payments that are due, so that no other process claims them.
-- Materialized, so that the rows are locked once.
with taken as materialized (
  select d.id from payments d
  where d.due_time <= @due::timestamptz
  order by d.due_time
  limit @maximum::int
  for update skip locked
)
update payments p
set due_time = @lease::timestamptz
from taken
where p.id = taken.id
returning p.*;

-- name: PaymentGet :one
select * from payments where id = @id;

-- name: PaymentErase :exec
-- Forgets whose payments those of erased orders were. They are locked by id first, as
-- everywhere: whoever adds a refund holds its payment's lock.
with theirs as materialized (
  select t.id from payments t
  where t.order_id = any(@order_ids::uuid[])
  order by t.id
  for update
)
update payments p
set customer_id = null
from theirs
where p.id = theirs.id;

-- name: PaymentSetCustomers :exec
-- Whose payments those of claimed orders are now, but for orders whose person was erased.
with theirs as materialized (
  select t.id, c.customer_id
  from (select unnest(@order_ids::uuid[]) as order_id, unnest(@customer_ids::uuid[]) as customer_id) c
  join payments t on t.order_id = c.order_id
  where not exists (select from erased_orders e where e.order_id = t.order_id)
  order by t.id
  for update of t
)
update payments p
set customer_id = theirs.customer_id
from theirs
where p.id = theirs.id;
