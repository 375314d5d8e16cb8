-- name: MailRequestInsert :exec
insert into mail_requests (id, purpose, kind, email, email_key, account_id, language_code, create_time)
values (@id, @purpose, @kind, @email, @email_key, @account_id, @language_code, @create_time);

-- name: MailRequestTake :one
-- The oldest request that no other process works on.
delete from mail_requests where id = (
  select r.id from mail_requests r order by r.id limit 1 for update skip locked
)
returning *;

-- name: MailRequestDeleteOfAccount :exec
delete from mail_requests where account_id = @account_id;

-- name: MailRequestDeleteOf :exec
delete from mail_requests where account_id = @account_id or kind = @kind and email_key = @email_key and account_id is null;

-- name: MailRequestDeleteOfGuest :exec
-- Of the account of a customer (kind 1).
delete from mail_requests
where kind = 1 and account_id is null and create_time <= @before and lower(email collate "pg_unicode_fast") = @email_lower::text;
