-- name: ProviderCursorInsert :exec
-- Adds the cursor, once: nothing happened to payments at a provider before the first.
insert into provider_cursors (provider, event_time, due_time)
select
  @provider::text as provider,
  greatest(coalesce((select min(p.create_time) from payments p), @now::timestamptz), @earliest::timestamptz) as event_time,
  @now::timestamptz as due_time
where not exists (select from provider_cursors c where c.provider = @provider)
on conflict (provider) do nothing;

-- name: ProviderCursorClaim :many
-- Claims the cursor until lease when it is due; no row otherwise.
update provider_cursors
set due_time = @lease
where provider = @provider and due_time <= @due
returning *;

-- name: ProviderCursorSave :many
-- Keeps how far the list was read, unless the lease ended and another process claimed it.
update provider_cursors
set event_time = greatest(event_time, @event_time), due_time = @due_time, read_time = @read_time,
  failure_count = @failure_count, cause = @cause
where provider = @provider and due_time = @lease
returning provider;

-- name: ProviderCursorGet :many
-- At most one row.
select * from provider_cursors where provider = @provider;
