-- name: SessionInsert :exec
insert into sessions (id, account_id, number, refresh_time, create_time, auth_time, methods, address_prefix, agent)
values (@id, @account_id, @number, @refresh_time, @create_time, @auth_time, @methods, @address_prefix, @agent);

-- name: SessionGet :one
select * from sessions where id = @id;

-- name: SessionLock :one
select * from sessions where id = @id for no key update;

-- name: SessionUpdate :exec
update sessions
set number = @number, refresh_time = @refresh_time, auth_time = @auth_time, methods = @methods, end_time = @end_time
where id = @id;

-- name: SessionEndOthers :exec
-- Ends the sessions of an account but one (the nil id: all).
update sessions set end_time = @end_time::timestamptz
where account_id = @account_id and id <> @except_id and end_time is null;

-- name: SessionEndOldest :exec
-- Leaves an account its newest sessions.
update sessions set end_time = @end_time::timestamptz
where id in (
  select s.id from sessions s
  where s.account_id = @account_id and s.end_time is null
  order by s.create_time desc, s.id desc
  offset @keep::int
);

-- name: SessionListOpen :many
select * from sessions where account_id = @account_id and end_time is null order by create_time desc, id desc;

-- name: SessionListKept :many
-- Those that ended, too. Each session is kept for 180 days after its last refresh.
select * from sessions where account_id = @account_id order by create_time desc, id desc;

-- name: SessionKnownPrefix :one
-- Whether a session of the account began from an address prefix within a time.
select exists (
  select from sessions where account_id = @account_id and address_prefix = @address_prefix and create_time >= @since
);

-- name: SessionDeleteBefore :execrows
-- Deletes what nobody refreshed since a time, and ended sessions with it.
delete from sessions where id in (
  select s.id from sessions s where s.refresh_time < @before order by s.refresh_time limit @max_rows::int
);

-- name: SessionEndAll :exec
update sessions set end_time = now() where end_time is null;

-- name: LinkUseAll :exec
update links set use_time = now() where use_time is null;

-- name: AccountRaiseEpochs :exec
update accounts set epoch = epoch + 1, version = version + 1;
