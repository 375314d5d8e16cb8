-- name: MailRequestInsert :exec
insert into mail_requests (id, purpose, kind, email, email_key, account_id, create_time)
values (@id, @purpose, @kind, @email, @email_key, @account_id, @create_time);

-- name: MailRequestTake :one
-- The oldest request that no other process works on.
delete from mail_requests where id = (
  select r.id from mail_requests r order by r.id limit 1 for update skip locked
)
returning *;
