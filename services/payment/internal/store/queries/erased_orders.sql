-- name: ErasedOrderInsertMany :exec
insert into erased_orders (order_id)
select o.order_id from (select unnest(@order_ids::uuid[]) as order_id) o
order by o.order_id
on conflict (order_id) do nothing;
