-- name: MailInsert :exec
insert into mails (id, mail, notice, kind, account_id, customer_id, email, email_key, language_code, create_time, expire_time)
values (@id, @mail, @notice, @kind, @account_id, @customer_id, @email, @email_key, @language_code, @create_time, @expire_time);

-- name: MailNewest :one
-- When a mail was last requested; the epoch when none was.
select coalesce(max(create_time), 'epoch')::timestamptz as newest from mails;

-- name: MailLockSince :many
-- Along the primary key, so that one walk serves all pages. The limit is
-- outbox.RepublishRows, written out so that a plan for any values knows how few are wanted.
select * from mails
where create_time >= @since and id > @after_id
order by id
limit 500
for no key update;

-- name: MailDeleteBefore :execrows
delete from mails where id in (
  select m.id from mails m where m.create_time < @before order by m.create_time limit @max_rows::int
);

-- name: MailDeleteOfAccounts :exec
delete from mails where account_id = any (@account_ids::uuid[]);

-- name: MailDeleteOf :exec
-- Deletes the mails about an account, and those that would make another one of its address.
delete from mails where account_id = @account_id or kind = @kind and email_key = @email_key and mail = 1;

-- name: MailDeleteOfGuest :exec
-- Deletes the mails that would make a customer's account of an address, however its letters
-- are written.
delete from mails
where mail = 1 and create_time <= @before and lower(email collate "pg_unicode_fast") = @email_lower::text;
