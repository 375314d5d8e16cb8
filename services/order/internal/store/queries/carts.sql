-- name: CartListMany :many
-- The carts of customers, and those of guests by the hash of their token. Customers' ids
-- are no guest's carts.
select sqlc.embed(c) from carts c
where (c.id = any(@customer_ids::uuid[]) and c.token_hash is null) or c.token_hash = any(@token_hashes::bytea[]);

-- name: CartLockMany :many
select sqlc.embed(c) from carts c
where (c.id = any(@customer_ids::uuid[]) and c.token_hash is null) or c.token_hash = any(@token_hashes::bytea[])
order by c.id for update;

-- name: CartListProducts :many
-- The products of these codes, and those in the carts. Behind CartLockMany it sees what
-- the last holder of the lock wrote.
select p.id, p.code, p.name, p.currency, p.amount, p.status, p.version from products p
where p.code = any(@codes::text[]) or p.code in (
  select unnest(c.codes) from carts c
  where (c.id = any(@customer_ids::uuid[]) and c.token_hash is null) or c.token_hash = any(@token_hashes::bytea[])
);

-- name: CartInsertOfCustomer :exec
-- Makes sure that the customer has a cart, unless the customer's data was erased.
insert into carts (id, checkout_id, use_time)
select @customer_id::uuid, @checkout_id::uuid, @use_time::timestamptz
where not exists (select 1 from erased_customers e where e.customer_id = @customer_id::uuid)
on conflict (id) do nothing;

-- name: CartInsert :exec
insert into carts (id, token_hash, codes, quantities, additions, version, checkout_id, use_time)
values (@id, @token_hash, @codes::text[], @quantities::integer[], @additions::uuid[], @version, @checkout_id, @use_time);

-- name: CartUpdate :exec
-- The checkout_id changes by an order alone.
update carts set codes = @codes::text[], quantities = @quantities::integer[], additions = @additions::uuid[], version = @version,
  last_order_id = nullif(@last_order_id::uuid, '00000000-0000-0000-0000-000000000000'::uuid),
  merged_into = nullif(@merged_into::uuid, '00000000-0000-0000-0000-000000000000'::uuid), use_time = @use_time
where id = @id;

-- name: CartOrderMany :exec
-- What was in them was ordered. They are locked.
update carts c set codes = '{}', quantities = '{}', version = c.version + 1,
  last_order_id = o.order_id, checkout_id = o.checkout_id, use_time = @use_time
from (select
  unnest(@ids::uuid[]) as id,
  unnest(@order_ids::uuid[]) as order_id,
  unnest(@checkout_ids::uuid[]) as checkout_id
) as o
where c.id = o.id;

-- name: CartTouch :exec
-- It was read. At most one of those who read it at once writes.
update carts set use_time = @use_time where id = @id and use_time <= @before;

-- name: CartDeleteUnused :execrows
delete from carts where id = any(array(
  select c.id from carts c where c.use_time <= @before order by c.use_time limit 1000 for update skip locked
));

-- name: CartDeleteOfCustomers :exec
-- With what is left of the guests' carts that they merged into theirs.
delete from carts where (id = any(@customer_ids::uuid[]) and token_hash is null) or merged_into = any(@customer_ids::uuid[]);

-- name: CartDeleteOfErased :exec
-- Carts that were made while their customer was being erased.
delete from carts c using erased_customers e where not e.complete and c.id = e.customer_id and c.token_hash is null;
