-- name: GuestErasureUpsert :exec
-- A clock that went back must not make the version smaller.
insert into guest_erasures (id, email_key, version, erase_time)
values (@id, @email_key, @version, @erase_time)
on conflict (id) do update
set version = greatest(excluded.version, guest_erasures.version + 1), erase_time = excluded.erase_time;

-- name: GuestErasureGet :one
select * from guest_erasures where id = @id;

-- name: GuestErasureNewest :one
-- When the last guest was erased; the epoch when none was.
select coalesce(max(erase_time), 'epoch')::timestamptz as newest from guest_erasures;

-- name: GuestErasureLockSince :many
-- The limit is outbox.RepublishRows.
select * from guest_erasures
where erase_time >= @since and id > @after_id
order by id
limit 500
for no key update;

-- name: GuestErasureDeleteBefore :exec
delete from guest_erasures where erase_time < @before;
