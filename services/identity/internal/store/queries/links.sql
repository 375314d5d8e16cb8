-- name: LinkInsert :exec
insert into links (
  id, purpose, kind, email, email_key, account_id, owner, permissions, invited_by, reset_totp, mailed, create_time, expire_time
) values (
  @id, @purpose, @kind, @email, @email_key, @account_id, @owner, @permissions, @invited_by, @reset_totp, @mailed, @create_time, @expire_time
);

-- name: LinkGet :one
select * from links where id = @id;

-- name: LinkLock :one
select * from links where id = @id for no key update;

-- name: LinkSetBegun :exec
update links set begun = @begun where id = @id;

-- name: LinkUse :exec
update links set use_time = @use_time where id = @id;

-- name: LinkCountSince :many
-- How many links for each purpose were mailed to an address since a time, for a kind of account.
select purpose, count(*) as links from links
where email_key = @email_key and kind = @kind and create_time >= @since
group by purpose;

-- name: LinkAccountToMake :one
-- The account that a link for signing up with an address (purpose 1) is to make: that of one
-- that was begun, whose customer may be there, else that of the newest. One that was begun
-- counts also when it was used up, as a restore does with all.
select l.account_id from links l
where l.kind = @kind and l.email_key = @email_key and l.purpose = 1 and (l.use_time is null or l.begun)
  and not exists (select from accounts a where a.id = l.account_id)
order by l.begun desc, l.create_time desc, l.id desc limit 1;

-- name: LinkDeleteBefore :execrows
-- But for those that were begun and whose account is not there yet.
delete from links where id in (
  select l.id from links l
  where l.expire_time < @before and (not l.begun or exists (select from accounts a where a.id = l.account_id))
  order by l.expire_time limit @max_rows::int
);

-- name: LinkUseOf :exec
update links set use_time = @use_time::timestamptz where account_id = @account_id and use_time is null;

-- name: LinkDeleteOfAccounts :exec
delete from links where account_id = any (@account_ids::uuid[]);

-- name: LinkDeleteOf :exec
-- Deletes the links of an account, and those that would make another one of its address
-- (purpose 1).
delete from links where account_id = @account_id or kind = @kind and email_key = @email_key and purpose = 1;

-- name: LinkDeleteOfGuest :exec
-- Deletes the links that would make a customer's account of an address (purpose 1), however its
-- letters are written. One that was begun is of a customer, whose erasure deletes it.
delete from links
where purpose = 1 and not begun and create_time <= @before and lower(email collate "pg_unicode_fast") = @email_lower::text;

-- name: LinkUseTo :exec
-- Uses up the links to an address that are for a purpose. The first owner's is to none.
update links set use_time = @use_time::timestamptz
where email_key = @email_key and kind = @kind and purpose = @purpose and use_time is null;

-- name: LinkInvitesOwner :one
-- Whether an address was invited to own the shop, as far back as links are kept.
select exists (select from links where email_key = @email_key and purpose = @purpose and owner);
