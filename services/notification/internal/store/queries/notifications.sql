-- name: NotificationExisting :many
-- What is known of each mail that events request; a row per request.
select a.position::int as position, n.id, n.status, n.version, n.end_time, n.cause,
       exists (select from erased_customers e where e.customer_id = a.customer_id)
         or exists (select from erased_orders e where e.order_id = a.order_id)
         or exists (select from erased_customers e where e.account_id = a.account_id) as person_erased
from (
  select unnest(@positions::int[]) as position, unnest(@kinds::smallint[]) as kind,
         unnest(@subject_ids::uuid[]) as subject_id, unnest(@customer_ids::uuid[]) as customer_id,
         unnest(@order_ids::uuid[]) as order_id, unnest(@account_ids::uuid[]) as account_id
) a
left join notifications n on n.kind = a.kind and n.subject_id = a.subject_id
order by a.position;

-- name: NotificationInsertMany :exec
-- A mail that another process inserted meanwhile fails the transaction, so that it
-- is not handed over twice; the batch then runs again and finds it known.
insert into notifications (
  id, kind, subject_id, order_id, customer_id, account_id, status, recipient, recipient_key, subject, shop_name, template,
  content, message_id, resend_count, attempt_count, retry_count, cause, version, traceparent,
  create_time, requested_time, due_time, end_time, legal_notices
)
select n.id, n.kind, n.subject_id, n.order_id, nullif(n.customer_id, '00000000-0000-0000-0000-000000000000'),
       nullif(n.account_id, '00000000-0000-0000-0000-000000000000'),
       n.status, n.recipient, n.recipient_key, n.subject, n.shop_name, n.template,
       n.content, n.message_id, 0, 0, 0, n.cause, n.version, n.traceparent,
       n.create_time, n.create_time,
       case when n.status = 1 then n.due_time end,
       case when n.status <> 1 then n.create_time end,
       sqlc.narg(legal_notices)::text[]
from (
  select unnest(@ids::uuid[]) as id, unnest(@kinds::smallint[]) as kind,
         unnest(@subject_ids::uuid[]) as subject_id, unnest(@order_ids::uuid[]) as order_id,
         unnest(@customer_ids::uuid[]) as customer_id, unnest(@account_ids::uuid[]) as account_id,
         unnest(@statuses::smallint[]) as status,
         unnest(@recipients::text[]) as recipient, unnest(@recipient_keys::text[]) as recipient_key,
         unnest(@subjects::text[]) as subject,
         unnest(@shop_names::text[]) as shop_name, unnest(@templates::smallint[]) as template,
         unnest(@contents::bytea[]) as content, unnest(@message_ids::text[]) as message_id,
         unnest(@causes::text[]) as cause, unnest(@versions::bigint[]) as version,
         unnest(@traceparents::text[]) as traceparent, unnest(@create_times::timestamptz[]) as create_time,
         unnest(@due_times::timestamptz[]) as due_time
) n;

-- name: NotificationLock :many
select id, kind, subject_id, order_id, status, content <> '' as readable, resend_count, attempt_count, retry_count,
       cause, version, traceparent, requested_time, due_time, end_time, send_time
from notifications
where id = any (@ids::uuid[])
order by id
for no key update;

-- name: NotificationLockOfErased :many
-- At most @max_rows mails of customers, their accounts and orders that are not blank yet, those
-- first that are to be sent; and mails to addresses of guests who signed up and made no account
-- (kind 6), from before their erasure.
select id, kind, subject_id, order_id, status, content <> '' as readable, resend_count, attempt_count, retry_count,
       cause, version, traceparent, requested_time, due_time, end_time, send_time
from notifications
where id = any (array(
  select n.id
  from (
    select m.id, m.due_time from notifications m
    where m.customer_id = any (@customer_ids::uuid[]) and m.recipient <> ''
    union
    select m.id, m.due_time from notifications m
    where m.order_id = any (@order_ids::uuid[]) and m.recipient <> ''
    union
    select m.id, m.due_time from notifications m
    where m.account_id = any (@account_ids::uuid[]) and m.recipient <> ''
    union
    select m.id, m.due_time
    from (select unnest(@guest_emails::text[]) as email, unnest(@guest_times::timestamptz[]) as erase_time) g
    join notifications m on m.recipient_key = g.email and m.create_time <= g.erase_time
    where m.recipient_key <> '' and m.kind = 6 and m.customer_id is null
  ) n
  order by n.due_time is null, n.id
  limit @max_rows::int
)) and recipient <> ''
order by id
for no key update;

-- name: NotificationErasedAmong :many
select id from notifications where id = any (@ids::uuid[]) and status = 4;

-- name: NotificationUpdateMany :exec
-- Each mail once; the zero time stands for null.
update notifications n
set status = u.status, attempt_count = u.attempt_count, retry_count = u.retry_count, cause = u.cause, version = u.version,
    due_time = nullif(u.due_time, '0001-01-01T00:00:00Z'),
    end_time = nullif(u.end_time, '0001-01-01T00:00:00Z'),
    send_time = nullif(u.send_time, '0001-01-01T00:00:00Z')
from (
  select unnest(@ids::uuid[]) as id, unnest(@statuses::smallint[]) as status,
         unnest(@attempt_counts::int[]) as attempt_count, unnest(@retry_counts::int[]) as retry_count,
         unnest(@causes::text[]) as cause, unnest(@versions::bigint[]) as version,
         unnest(@due_times::timestamptz[]) as due_time, unnest(@end_times::timestamptz[]) as end_time,
         unnest(@send_times::timestamptz[]) as send_time
) u
where n.id = u.id;

-- name: NotificationEraseMany :exec
-- Blanks personal data, and ends what was to be sent; the zero time stands for null.
update notifications n
set recipient = '', recipient_key = '', subject = '', content = '', due_time = null,
    status = u.status, cause = u.cause, version = u.version,
    end_time = nullif(u.end_time, '0001-01-01T00:00:00Z')
from (
  select unnest(@ids::uuid[]) as id, unnest(@statuses::smallint[]) as status, unnest(@causes::text[]) as cause,
         unnest(@versions::bigint[]) as version, unnest(@end_times::timestamptz[]) as end_time
) u
where n.id = u.id;

-- name: NotificationClaimDue :many
-- Takes mails whose time has come, or whose sender's lease ended, until @lease.
with due as (
  select id from notifications
  where due_time <= @now::timestamptz
  order by due_time
  limit @max_rows::int
  for no key update skip locked
)
update notifications n
set due_time = @lease::timestamptz
from due
where n.id = due.id
returning n.id, n.kind, n.recipient, n.subject, n.shop_name, n.legal_notices, n.template, n.content, n.message_id, n.resend_count, n.traceparent, n.requested_time;

-- name: NotificationClaimLeased :many
-- Takes mails that are ours by the very lease that we gave them, until @lease.
update notifications n
set due_time = @lease::timestamptz
from (
  select h.id from (select unnest(@ids::uuid[]) as id, unnest(@due_times::timestamptz[]) as due_time) u
  join notifications h on h.id = u.id and h.due_time = u.due_time
  order by h.id
  for no key update of h
) h
where n.id = h.id
returning n.id, n.kind, n.recipient, n.subject, n.shop_name, n.legal_notices, n.template, n.content, n.message_id, n.resend_count, n.traceparent, n.requested_time;

-- name: NotificationExtend :many
-- Extends the lease of mails that are still ours: a lease that ended may be another's.
update notifications n
set due_time = @lease::timestamptz
from (
  select h.id from notifications h
  where h.id = any (@ids::uuid[]) and h.due_time > @now::timestamptz
  order by h.id
  for no key update
) h
where n.id = h.id
returning n.id;

-- name: NotificationNextDue :one
-- When the next mail may be taken; no row when none is pending.
select due_time from notifications where due_time is not null order by due_time limit 1;

-- name: NotificationGet :one
select * from notifications where id = @id;

-- name: NotificationGetForUpdate :one
-- With erased_customers taken before, so that no erasure runs meanwhile.
select sqlc.embed(n), exists (select from erased_customers e where e.customer_id = n.customer_id)
  or exists (select from erased_orders e where e.order_id = n.order_id)
  or exists (select from erased_customers e where e.account_id = n.account_id) as person_erased
from notifications n
where n.id = @id
for no key update of n;

-- name: NotificationCorrections :many
-- The mails about corrections of an order.
select * from notifications where order_id = @order_id and kind = 5 order by id;

-- name: NotificationResend :one
update notifications
set status = 1, recipient = @recipient, recipient_key = @recipient_key, content = @content, resend_count = @resend_count, retry_count = 0, message_id = @message_id, cause = '', version = @version,
    requested_time = @requested_time, due_time = @due_time::timestamptz, end_time = null, traceparent = @traceparent
where id = @id
returning *;

-- name: NotificationAudit :many
-- The page after the given key, for the audit.
select order_id, kind, subject_id, status, send_time
from notifications
where (order_id, kind, subject_id) > (@after_order_id::uuid, @after_kind::smallint, @after_subject_id::uuid)
  and order_id <> '00000000-0000-0000-0000-000000000000' -- mails about accounts
order by order_id, kind, subject_id
limit @max_rows::int;

-- name: NotificationOverdue :many
-- Mails that nobody took for sending since @before, and should have.
select id, order_id, kind, due_time, attempt_count
from notifications
where due_time < @before::timestamptz
order by due_time
limit @max_rows::int;

-- name: NotificationPendingCount :one
select count(*) from notifications where due_time is not null;

-- name: NotificationForgetBodies :execrows
-- Drops the content of mails that were delivered before @before, the oldest first.
with old as materialized (
  select id from notifications
  where status = 2 and content <> '' and end_time < @before::timestamptz
  order by end_time
  limit @max_rows::int
  for no key update skip locked
)
update notifications n set content = '' from old where n.id = old.id;

-- name: NotificationForgetAccountMails :execrows
-- Blanks mails about accounts that are no customer's and ended before @before, the oldest first.
with old as materialized (
  select id from notifications
  where order_id = '00000000-0000-0000-0000-000000000000' and customer_id is null and recipient <> '' and end_time < @before::timestamptz
  order by end_time
  limit @max_rows::int
  for no key update skip locked
)
update notifications n set recipient = '', recipient_key = '', subject = '', content = '' from old where n.id = old.id;
