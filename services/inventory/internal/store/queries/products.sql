-- name: ProductUpsertMany :exec
-- Each product once; an older version than the stored one changes nothing.
insert into products (product_id, status, version)
select n.product_id, n.status, n.version
from (
  select unnest(@product_ids::uuid[]) as product_id, unnest(@statuses::smallint[]) as status, unnest(@versions::bigint[]) as version
) n
order by n.product_id
on conflict (product_id) do update set status = excluded.status, version = excluded.version
where products.version < excluded.version;
