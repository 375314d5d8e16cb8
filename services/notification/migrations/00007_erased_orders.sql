-- +goose Up

-- Orders whose person was erased: nothing is written about them any more, and their
-- mails are blank. As with erased_customers, an erasure excludes those who write mails,
-- by the lock of that table. They take the place of the guests' addresses, which were
-- kept for ever and missed the mails that had gone to another address. What was not
-- blank yet is blanked; order publishes OrderErased for all that it erased before.
create table erased_orders (
  order_id    uuid        primary key,
  create_time timestamptz not null,
  unfinished  boolean     not null default false
);
create index erased_orders_unfinished on erased_orders (order_id) where unfinished;
create index erased_orders_by_create_time on erased_orders (create_time);

insert into erased_orders (order_id, create_time, unfinished)
select distinct n.order_id, g.create_time, true
from erased_guests g
join notifications n on n.recipient_key = g.email and n.recipient_key <> '' and n.customer_id is null and n.order_id <= g.last_order_id
on conflict (order_id) do nothing;
drop table erased_guests;

-- +goose Down
create table erased_guests (
  email         text        collate "C" primary key,
  last_order_id uuid        not null,
  create_time   timestamptz not null,
  unfinished    boolean     not null default false
);
create index erased_guests_unfinished on erased_guests (email) where unfinished;
create index erased_guests_by_create_time on erased_guests (create_time);
drop table erased_orders;
