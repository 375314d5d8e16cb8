-- +goose Up

-- The form of the recipient that compares, so that a mail is found without regard to
-- case and to blanks around the address. The application writes it; here the rows
-- that exist get what comes closest.
alter table notifications add column recipient_key text collate "C" not null default '';
update notifications set recipient_key = lower(btrim(recipient)) where recipient <> '';
alter table notifications alter column recipient_key drop default;
drop index notifications_by_recipient;
create index notifications_by_recipient on notifications (recipient_key, id) where recipient_key <> '';

-- Guests whose data was erased, by the form of the address that compares. An address
-- can be used again: only orders up to last_order_id are concerned, whose UUIDv7 tells
-- when they were placed. As with erased_customers, an erasure excludes those who write
-- mails, by the lock of that table.
create table erased_guests (
  email         text        collate "C" primary key,
  last_order_id uuid        not null,
  create_time   timestamptz not null,
  unfinished    boolean     not null default false
);
create index erased_guests_unfinished on erased_guests (email) where unfinished;
create index erased_guests_by_create_time on erased_guests (create_time);

-- +goose Down
drop table erased_guests;
drop index notifications_by_recipient;
create index notifications_by_recipient on notifications (recipient, id) where recipient <> '';
alter table notifications drop column recipient_key;
