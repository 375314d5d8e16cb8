-- name: OrderLineInsertMany :exec
insert into order_lines (order_id, position, product_id, product_code, name, unit_amount, quantity)
select unnest(@order_ids::uuid[]), unnest(@positions::smallint[]), unnest(@product_ids::uuid[]),
  unnest(@product_codes::text[]), unnest(@names::text[]), unnest(@unit_amounts::bigint[]), unnest(@quantities::integer[]);

-- name: OrderLineListMany :many
select order_id, product_id, product_code, name, unit_amount, quantity
from order_lines where order_id = any(@order_ids::uuid[]) order by order_id, position;
