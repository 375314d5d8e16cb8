-- name: ErasedOrderInsertMany :exec
insert into erased_orders (order_id, create_time)
select o.order_id, @create_time::timestamptz
from (select unnest(@order_ids::uuid[]) as order_id) o
order by o.order_id
on conflict (order_id) do nothing;

-- name: ErasedOrderSetUnfinished :exec
update erased_orders set unfinished = @unfinished::boolean where order_id = any (@order_ids::uuid[]);

-- name: ErasedOrderLockUnfinished :many
-- Orders whose mails are not all blank yet, but for those that another process is
-- about to blank.
select order_id from erased_orders where unfinished order by order_id limit @max_rows::int for update skip locked;
