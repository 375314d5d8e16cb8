-- name: ProductUpsertMany :exec
-- Only a newer version changes what is known. The ids must differ, and be sorted.
insert into products as p (id, code, name, currency, amount, status, version)
select unnest(@ids::uuid[]), unnest(@codes::text[]), unnest(@names::text[]), unnest(@currencies::text[]),
  unnest(@amounts::bigint[]), unnest(@statuses::smallint[]), unnest(@versions::bigint[])
on conflict (id) do update set name = excluded.name, currency = excluded.currency, amount = excluded.amount,
  status = excluded.status, version = excluded.version
where p.version < excluded.version;

-- name: ProductInsertMany :exec
-- What is known already stays as it is. No key is named, so that of two
-- transactions that learn of one product at once the later does not fail on the
-- code's. The ids must differ, and be sorted.
insert into products (id, code, name, currency, amount, status, version)
select unnest(@ids::uuid[]), unnest(@codes::text[]), unnest(@names::text[]), unnest(@currencies::text[]),
  unnest(@amounts::bigint[]), unnest(@statuses::smallint[]), unnest(@versions::bigint[])
on conflict do nothing;

-- name: ProductListByCode :many
select id, code, name, currency, amount, status, version from products where code = any(@codes::text[]);
