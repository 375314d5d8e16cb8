-- name: ErasedOrderInsertMany :exec
insert into erased_orders (order_id, version, create_time)
select unnest(@order_ids::uuid[]), unnest(@versions::bigint[]), unnest(@create_times::timestamptz[])
on conflict (order_id) do nothing;

-- name: ErasedOrderNewest :one
-- When an order was last erased; the epoch when none ever was.
select coalesce(max(create_time), 'epoch')::timestamptz as newest from erased_orders;

-- name: ErasedOrderListSince :many
-- The next orders that were erased since a time, by id. The limit is the
-- outbox.RepublishRows, written out so that a plan for any values knows how few are wanted.
select order_id, version, create_time from erased_orders
where create_time >= @since and order_id > @after_order_id
order by order_id
limit 500
for update;
