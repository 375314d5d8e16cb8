-- name: LinkInsert :exec
insert into links (
  id, purpose, kind, email, email_key, account_id, owner, permissions, invited_by, create_time, expire_time
) values (
  @id, @purpose, @kind, @email, @email_key, @account_id, @owner, @permissions, @invited_by, @create_time, @expire_time
);

-- name: LinkGet :one
select * from links where id = @id;

-- name: LinkLock :one
select * from links where id = @id for no key update;

-- name: LinkUse :exec
update links set use_time = @use_time where id = @id;

-- name: LinkCountSince :one
-- How many links were mailed to an address since a time.
select count(*) from links where email_key = @email_key and create_time >= @since;

-- name: LinkDeleteBefore :execrows
delete from links where id in (
  select l.id from links l where l.expire_time < @before order by l.expire_time limit @max_rows::int
);

-- name: LinkUseOf :exec
-- Uses up the links of an account that are for a purpose.
update links set use_time = @use_time::timestamptz
where account_id = @account_id and purpose = @purpose and use_time is null;
