-- name: AccountInsert :exec
insert into accounts (
  id, kind, email, email_key, first_name, last_name, language_code, customer_id, owner, permissions, password_hash,
  totp_sealed, totp_last_step, disabled, epoch, version, create_time, update_time, verify_time, verify_version
) values (
  @id, @kind, @email, @email_key, @first_name, @last_name, @language_code, @customer_id, @owner, @permissions, @password_hash,
  @totp_sealed, @totp_last_step, @disabled, @epoch, @version, @create_time, @update_time, @verify_time, @verify_version
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
    epoch = @epoch, version = @version, update_time = @update_time, verify_time = @verify_time, verify_version = @verify_version
where id = @id;

-- name: AccountLockOwners :exec
-- Locks who owns the shop until the transaction ends: of two who are removed, or become the
-- first owner, at once, the second sees what the first did. A lock of rows would miss that
-- there are none. The key is "owners" in ASCII.
select pg_advisory_xact_lock(122558743933555);

-- name: AccountCountOwners :one
-- How many owners may sign in.
select count(*) from accounts where owner and not disabled;

-- name: AccountOfCustomer :one
select * from accounts where customer_id = @customer_id::uuid;

-- name: AccountLockOfCustomers :many
select * from accounts where customer_id = any (@customer_ids::uuid[]) order by id for no key update;

-- name: AccountDelete :exec
-- Its sessions, recovery codes and API keys go with it.
delete from accounts where id = @id;

-- name: AccountAmong :many
select id from accounts where id = any (@ids::uuid[]);

-- name: AccountNewestChange :one
-- When an account was last changed; the epoch when there is none.
select coalesce(max(update_time), 'epoch')::timestamptz as newest from accounts;

-- name: AccountLockChangedSince :many
-- Along the primary key, so that one walk serves all pages. The limit is
-- outbox.RepublishRows, written out so that a plan for any values knows how few are wanted.
select * from accounts
where update_time >= @since and id > @after_id
order by id
limit 500
for no key update;

-- name: AccountAnyOwner :one
-- Whether the shop has an owner who may sign in.
select exists (select from accounts where owner and not disabled);
