-- name: ProductInsert :exec
insert into products (
  id, code, name, description, category_id, price_currency, price_amount, price_major,
  status, attributes, images, version, create_time, update_time
) values (
  @id, @code, @name, @description, @category_id, @price_currency, @price_amount, sqlc.arg(price_major)::text::numeric,
  @status, @attributes, @images, @version, @create_time, @update_time
);

-- name: ProductGetByID :one
-- level_version is the availability's; -1 when none is known, as versions are 0 or more.
select sqlc.embed(p), coalesce(a.available, 0)::bigint as available,
  coalesce(a.version, -1)::bigint as level_version
from products p left join availability a on a.product_id = p.id
where p.id = @id;

-- name: ProductGetByCode :one
select sqlc.embed(p), coalesce(a.available, 0)::bigint as available,
  coalesce(a.version, -1)::bigint as level_version
from products p left join availability a on a.product_id = p.id
where p.code = @code;

-- name: ProductGetForUpdate :one
select sqlc.embed(p), coalesce(a.available, 0)::bigint as available
from products p left join availability a on a.product_id = p.id
where p.id = @id
for no key update of p;

-- name: ProductBatchGet :many
select sqlc.embed(p), coalesce(a.available, 0)::bigint as available,
  coalesce(a.version, -1)::bigint as level_version
from products p left join availability a on a.product_id = p.id
where p.id = any (@ids::uuid[]) or p.code = any (@codes::text[])
order by p.code;

-- name: ProductUpdate :exec
update products
set name = @name, description = @description, category_id = @category_id,
    price_currency = @price_currency, price_amount = @price_amount,
    price_major = sqlc.arg(price_major)::text::numeric, status = @status,
    attributes = @attributes, images = @images, version = @version, update_time = @update_time
where id = @id;

-- name: ProductNewestChange :one
-- When the last product changed; the epoch when there is none.
select coalesce(max(update_time), 'epoch')::timestamptz as newest from products;

-- name: ProductLockChangedSince :many
-- Along the primary key and not by time: no index holds update_time, and one walk
-- then serves all batches. The limit is outbox.RepublishRows, written out so that a plan for any
-- values knows how little is wanted.
select * from products
where update_time >= @since and id > @after_id
order by id
limit 500
for no key update;
