-- name: AvailabilityUpsertMany :exec
-- Each product once, sorted by id, so that two writers can't wait for each other.
insert into availability (product_id, available, version)
select unnest(@product_ids::uuid[]), unnest(@availables::bigint[]), unnest(@versions::bigint[])
on conflict (product_id) do update
set available = excluded.available, version = excluded.version
where availability.version < excluded.version;

-- name: AvailabilityWithoutProduct :many
-- For the audit: inventory learns of a product only after it was committed here,
-- so a level without a product is one that this database has lost.
select a.product_id, a.available
from availability a
where not exists (select from products p where p.id = a.product_id)
order by a.product_id
limit @at_most::int;
