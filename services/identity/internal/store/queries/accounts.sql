-- name: AccountInsert :exec
insert into accounts (
  id, kind, email, email_key, first_name, last_name, customer_id, owner, permissions, password_hash,
  totp_sealed, totp_last_step, disabled, epoch, version, create_time, update_time
) values (
  @id, @kind, @email, @email_key, @first_name, @last_name, @customer_id, @owner, @permissions, @password_hash,
  @totp_sealed, @totp_last_step, @disabled, @epoch, @version, @create_time, @update_time
);

-- name: AccountGet :one
select * from accounts where id = @id;

-- name: AccountLock :one
select * from accounts where id = @id for no key update;

-- name: AccountFind :one
select * from accounts where kind = @kind and email_key = @email_key;

-- name: AccountUpdate :exec
update accounts
set email = @email, email_key = @email_key, first_name = @first_name, last_name = @last_name, owner = @owner, permissions = @permissions,
    password_hash = @password_hash, totp_sealed = @totp_sealed, totp_last_step = @totp_last_step, disabled = @disabled,
    epoch = @epoch, version = @version, update_time = @update_time
where id = @id;

-- name: AccountLockOwners :many
-- The owners who may sign in. They are locked, so that of two who are removed at once the
-- second sees that the first is gone.
select id from accounts where owner and not disabled order by id for no key update;
