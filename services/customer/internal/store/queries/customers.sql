-- name: CustomerInsert :exec
insert into customers (id, first_name, last_name, last_name_key, email, email_key, phone, erased, version, create_time, update_time)
values (@id, @first_name, @last_name, @last_name_key, @email, @email_key, @phone, @erased, @version, @create_time, @update_time);

-- name: CustomerLock :exec
-- Read with CustomerGet afterwards: a statement that waits for a lock would see the
-- addresses as they were before it waited.
select from customers where id = @id for no key update;

-- name: CustomerGet :one
select sqlc.embed(c), coalesce((
  select jsonb_agg(jsonb_build_object('id', a.id, 'label', a.label, 'postal_address', a.postal_address) order by a.position)
  from addresses a where a.customer_id = c.id
), '[]')::jsonb as addresses,
  coalesce(l.account_id, '00000000-0000-0000-0000-000000000000')::uuid as account_id,
  coalesce(l.email, '')::text as sign_in_email, coalesce(l.version, 0)::bigint as sign_in_version
from customers c
left join customer_accounts l on l.customer_id = c.id
where c.id = @id;

-- name: CustomerUpdate :exec
update customers
set first_name = @first_name, last_name = @last_name, last_name_key = @last_name_key, email = @email, email_key = @email_key, phone = @phone,
    default_address_id = @default_address_id, erased = @erased, version = @version, update_time = @update_time
where id = @id;

-- name: CustomerNewestErasure :one
-- When the last customer was erased; the epoch when none was.
select coalesce(max(update_time), 'epoch')::timestamptz as newest from customers where erased;

-- name: CustomerLockErasedSince :many
-- Along the primary key and not by time: no index holds update_time, and one walk
-- then serves all batches. The limit is outbox.RepublishRows, written out so that a plan for any
-- values knows how little is wanted.
select sqlc.embed(c), coalesce(l.account_id, '00000000-0000-0000-0000-000000000000')::uuid as account_id
from customers c
left join customer_accounts l on l.customer_id = c.id
where c.erased and c.update_time >= @since and c.id > @after_id
order by c.id
limit 500
for no key update of c;
