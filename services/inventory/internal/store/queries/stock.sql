-- name: StockGetByID :one
select * from stock where product_id = @product_id;

-- name: StockGetByCode :one
select * from stock where product_code = @product_code;

-- name: StockGetMany :many
select * from stock
where product_id = any(@product_ids::uuid[]) or product_code = any(@product_codes::text[])
order by product_code;

-- name: StockLockByCode :one
select * from stock where product_code = @product_code for update;

-- name: StockLockMany :many
select * from stock where product_id = any(@product_ids::uuid[])
order by product_id
for update;

-- name: StockLockChangedSince :many
select * from stock
where update_time > @since and product_id > @after_product_id
order by product_id
limit @max_rows
for update;

-- name: StockInsertMany :many
-- Products that have stock already are left alone, and out of the result. No key is
-- named: of two transactions that insert one product at once the later would fail
-- on the code's key, which naming the other would not cover.
insert into stock (product_id, product_code, on_hand, reserved, version, update_time)
select n.product_id, n.product_code, 0, 0, 1, @update_time::timestamptz
from (select unnest(@product_ids::uuid[]) as product_id, unnest(@product_codes::text[]) as product_code) n
order by n.product_id
on conflict do nothing
returning *;

-- name: StockUpdateMany :exec
update stock s
set on_hand = c.on_hand, reserved = c.reserved, version = c.version, update_time = @update_time::timestamptz
from (
  select unnest(@product_ids::uuid[]) as product_id, unnest(@on_hands::bigint[]) as on_hand,
         unnest(@reserveds::bigint[]) as reserved, unnest(@versions::bigint[]) as version
) c
where s.product_id = c.product_id;

-- name: StockNewestChange :one
-- When stock changed last; the epoch when there is none.
select coalesce(max(update_time), 'epoch')::timestamptz as newest from stock;
