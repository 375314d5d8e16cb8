-- name: ActivityInsertMany :exec
insert into activities (id, create_time, actor_kind, actor_id, credential, credential_id, behalf_kind, behalf_id, behalf_credential,
  behalf_credential_id, rpc, resource, outcome, reason, call_count, paths, omitted_changes, trace_id)
select unnest(@ids::uuid[]), unnest(@create_times::timestamptz[]), unnest(@actor_kinds::smallint[]), unnest(@actor_ids::text[]),
  unnest(@credentials::smallint[]), unnest(@credential_ids::text[]), unnest(@behalf_kinds::smallint[]), unnest(@behalf_ids::text[]),
  unnest(@behalf_credentials::smallint[]), unnest(@behalf_credential_ids::text[]), unnest(@rpcs::text[]), unnest(@resources::text[]),
  unnest(@outcomes::smallint[]), unnest(@reasons::text[]), unnest(@call_counts::int[]), unnest(@paths::text[])::jsonb,
  unnest(@omitted_changes::int[]), unnest(@trace_ids::text[])
on conflict (id) do nothing;

-- name: ActivityDelete :execrows
-- Deletes a thousand entries that are older than they are kept; the trigger refuses younger ones.
with old as materialized (
  select a.id from activities a where a.create_time < now() - interval '400 days' order by a.create_time limit 1000 for update skip locked
)
delete from activities d using old where d.id = old.id;

-- name: ActivityValuesInsertMany :exec
insert into activity_values (id, create_time, changes)
select unnest(@ids::uuid[]), unnest(@create_times::timestamptz[]), unnest(@changes::text[])::jsonb
on conflict (id) do nothing;

-- name: ActivityValuesList :many
select * from activity_values where id = any (@ids::uuid[]);

-- name: ActivityValuesDelete :execrows
with old as materialized (
  select a.id from activity_values a where a.create_time < now() - interval '400 days' order by a.create_time limit 1000 for update skip locked
)
delete from activity_values d using old where d.id = old.id;

-- name: ActivityValuesErase :exec
-- Of entries by actors, and of those about resources.
delete from activity_values v using activities a
where v.id = a.id and (a.actor_id = any (@actors::text[]) or a.resource = any (@resources::text[]));

-- name: ActivityAddressInsertMany :exec
insert into activity_addresses (id, create_time, prefix)
select unnest(@ids::uuid[]), unnest(@create_times::timestamptz[]), unnest(@prefixes::text[])
on conflict (id) do nothing;

-- name: ActivityAddressList :many
select * from activity_addresses where id = any (@ids::uuid[]);

-- name: ActivityAddressDelete :execrows
with old as materialized (
  select a.id from activity_addresses a where a.create_time < now() - interval '90 days' order by a.create_time limit 1000 for update skip locked
)
delete from activity_addresses d using old where d.id = old.id;

-- name: ActivityAddressErase :exec
delete from activity_addresses d using activities a
where d.id = a.id and (a.actor_id = any (@actors::text[]) or a.resource = any (@resources::text[]));
