-- name: OrderInsertMany :exec
insert into orders (id, number, state, cancel_reason, cancel_note, version,
  awaiting_version, confirmed_version, cancelled_version, shipped_version,
  awaits, due_time, retry_count, last_published_time, expire_time,
  currency, subtotal_amount, total_amount, captured_amount, refunded_amount, adjustments,
  payment_id, payment_method, customer_id, first_name, last_name, last_name_key, email, phone, shipping_address,
  request_id, request_caller, language_code, create_time, update_time)
select n.id, n.number, n.state, 0, '', n.version,
  0, 0, 0, 0,
  n.awaits, n.due_time, 0, n.create_time, n.expire_time,
  n.currency, n.subtotal_amount, n.total_amount, 0, 0, n.adjustments::jsonb,
  n.payment_id, n.payment_method, nullif(n.customer_id, '00000000-0000-0000-0000-000000000000'::uuid),
  n.first_name, n.last_name, n.last_name_key, n.email, n.phone, n.shipping_address::jsonb,
  n.request_id, n.request_caller, n.language_code,
  n.create_time, n.create_time
from (select
  unnest(@ids::uuid[]) as id,
  unnest(@numbers::text[]) as number,
  unnest(@states::smallint[]) as state,
  unnest(@versions::bigint[]) as version,
  unnest(@awaits::integer[]) as awaits,
  unnest(@due_times::timestamptz[]) as due_time,
  unnest(@expire_times::timestamptz[]) as expire_time,
  unnest(@currencies::text[]) as currency,
  unnest(@subtotal_amounts::bigint[]) as subtotal_amount,
  unnest(@total_amounts::bigint[]) as total_amount,
  unnest(@adjustments::text[]) as adjustments,
  unnest(@payment_ids::uuid[]) as payment_id,
  unnest(@payment_methods::text[]) as payment_method,
  unnest(@customer_ids::uuid[]) as customer_id,
  unnest(@first_names::text[]) as first_name,
  unnest(@last_names::text[]) as last_name,
  unnest(@last_name_keys::text[]) as last_name_key,
  unnest(@emails::text[]) as email,
  unnest(@phones::text[]) as phone,
  unnest(@shipping_addresses::text[]) as shipping_address,
  unnest(@request_ids::uuid[]) as request_id,
  unnest(@request_callers::text[]) as request_caller,
  unnest(@language_codes::text[]) as language_code,
  unnest(@create_times::timestamptz[]) as create_time) as n;

-- name: OrderUpdateMany :exec
update orders o set
  state = u.state, cancel_reason = u.cancel_reason, cancel_note = u.cancel_note, version = u.version,
  awaiting_version = u.awaiting_version, confirmed_version = u.confirmed_version,
  cancelled_version = u.cancelled_version, shipped_version = u.shipped_version,
  awaits = u.awaits, due_time = nullif(u.due_time, '0001-01-01 00:00:00+00'::timestamptz),
  retry_count = u.retry_count, last_published_time = u.last_published_time,
  expire_time = nullif(u.expire_time, '0001-01-01 00:00:00+00'::timestamptz),
  captured_amount = u.captured_amount, refunded_amount = u.refunded_amount,
  payment_progress = u.payment_progress, update_time = u.update_time
from (select
  unnest(@ids::uuid[]) as id,
  unnest(@states::smallint[]) as state,
  unnest(@cancel_reasons::smallint[]) as cancel_reason,
  unnest(@cancel_notes::text[]) as cancel_note,
  unnest(@versions::bigint[]) as version,
  unnest(@awaiting_versions::bigint[]) as awaiting_version,
  unnest(@confirmed_versions::bigint[]) as confirmed_version,
  unnest(@cancelled_versions::bigint[]) as cancelled_version,
  unnest(@shipped_versions::bigint[]) as shipped_version,
  unnest(@awaits::integer[]) as awaits,
  unnest(@due_times::timestamptz[]) as due_time,
  unnest(@retry_counts::integer[]) as retry_count,
  unnest(@last_published_times::timestamptz[]) as last_published_time,
  unnest(@expire_times::timestamptz[]) as expire_time,
  unnest(@captured_amounts::bigint[]) as captured_amount,
  unnest(@refunded_amounts::bigint[]) as refunded_amount,
  unnest(@payment_progresses::smallint[]) as payment_progress,
  unnest(@update_times::timestamptz[]) as update_time) as u
where o.id = u.id;

-- name: OrderUpdateShipment :exec
-- Comes with the state that a shipment means; OrderUpdateMany stores the rest.
update orders set state = @state, shipment_id = @shipment_id::uuid, carrier = @carrier, tracking_code = @tracking_code,
  ship_time = @ship_time::timestamptz, deliver_time = nullif(@deliver_time::timestamptz, '0001-01-01 00:00:00+00'::timestamptz)
where id = @id;

-- name: OrderUpdatePerson :exec
update orders set first_name = @first_name, last_name = @last_name, last_name_key = @last_name_key, email = @email, phone = @phone,
  shipping_address = cast(@shipping_address::text as jsonb)
where id = @id;

-- name: OrderUpdateDisputes :exec
update orders set disputes = cast(@disputes::text as jsonb) where id = @id;

-- name: OrderUpdateCorrections :exec
update orders set corrections = cast(@corrections::text as jsonb) where id = @id;

-- name: OrderUpdateLinkMails :exec
update orders set link_mails = cast(@link_mails::text as jsonb) where id = @id;

-- name: OrderUpdateOwner :exec
update orders set customer_id = nullif(@customer_id::uuid, '00000000-0000-0000-0000-000000000000'::uuid), guest_version = @guest_version where id = @id;

-- name: OrderErasePersons :exec
-- OrderUpdateMany stores the rest, and blanks the note of a cancellation.
update orders set erased = true, guest_version = guest_version + 1, first_name = '', last_name = '', last_name_key = '', email = '', phone = '', shipping_address = '{}',
  carrier = '', tracking_code = ''
where id = any(@ids::uuid[]) and not erased;

-- name: OrderOldestDue :one
-- When the sweeper is needed next.
select due_time::timestamptz from orders where due_time is not null order by due_time limit 1;

-- name: OrderGet :many
-- Many, because it travels in a batch.
select sqlc.embed(o) from orders o where o.id = any(@ids::uuid[]);

-- name: OrderLockMany :many
select sqlc.embed(o) from orders o where o.id = any(@ids::uuid[]) order by o.id for update;

-- name: OrderLockByNumber :many
select sqlc.embed(o) from orders o where o.number = @number for update;

-- name: OrderLockDue :many
-- The index alone finds due orders; those that another sweeper holds are its own.
select sqlc.embed(o) from orders o where o.due_time <= @now order by o.due_time limit @at_most for update skip locked;

-- name: OrderLockOfCustomer :many
-- Those that still hold personal data.
select sqlc.embed(o) from orders o where o.customer_id = @customer_id::uuid and not o.erased
order by o.id limit @at_most for update;

-- name: OrderLockOfGuest :many
-- Those that still hold personal data and were placed before the erasure.
select sqlc.embed(o) from orders o
where o.email = @email and o.customer_id is null and not o.erased and o.create_time <= @before
order by o.id limit @at_most for update;

-- name: OrderLockToClaim :many
-- The orders of guests of an address, which is compared by its grammar.ExactEmailKey: lower
-- in the collation C knows the letters of ASCII alone. The first condition is for the index,
-- and finds more.
select sqlc.embed(o) from orders o
where o.email = @email and lower(o.email collate "C") = @exact_key::text
  and o.customer_id is null and not o.erased and o.create_time <= @before
order by o.id limit @at_most for update;

-- name: OrderAuditSome :many
select sqlc.embed(o) from orders o where o.id > @after order by o.id limit @at_most;

-- name: OrderListAddresses :many
select id, shipping_address from orders where id = any(@ids::uuid[]);

-- name: OrderListRequests :many
-- The requests whose stored answers hold these orders.
select o.request_id::uuid as request_id, 'PlaceOrder'::text as rpc, o.request_caller as caller
from orders o where o.id = any(@ids::uuid[]) and o.request_id is not null
union all
select r.request_id, r.rpc, r.caller from order_requests r where r.order_id = any(@ids::uuid[]);

-- name: OrderCountUnpaidOfCustomers :many
select customer_id::uuid as customer_id, count(*) from orders
where customer_id = any(@ids::uuid[]) and state in (1, 2) group by customer_id;

-- name: OrderCountUnpaidOfGuests :many
-- Guests are distinguished by the caller's key of the request that placed the order. What was
-- placed before @since expired; the condition on the key is the index's.
select o.request_caller as caller, count(*) from orders o
where o.request_caller = any(@callers::text[]) and (o.request_caller like 'guest/%' or o.request_caller like 'staff/%') and o.create_time > @since
  and o.customer_id is null and o.state in (1, 2)
group by o.request_caller;

-- name: OrderSumByDay :many
-- A day is known by the number of its beginning, from 1. What is left of an order is domain's
-- Snapshot.Balance; 4 is a dispute that was lost.
select width_bucket(o.create_time, @begins::timestamptz[])::integer as day, o.currency, count(*) as order_count,
  sum(o.captured_amount)::bigint as paid,
  sum(case when o.disputes = '[]' then o.captured_amount - o.refunded_amount else greatest(0, o.captured_amount - o.refunded_amount - (
    select coalesce(sum((d ->> 'amount')::bigint), 0) from jsonb_array_elements(o.disputes) d where (d ->> 'status')::int = 4)) end)::bigint as revenue
from orders o
where o.create_time >= @since and o.create_time < @until and o.confirmed_version > 0
group by 1, 2 order by 1, 2;
