-- +goose Up

-- Names and addresses are looked up in any case of their letters.
create collation any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- An order. The row is changed about five times on its way, so it keeps room on
-- its page and none of those changes touches an index, the last one apart: ask_time
-- is set when the order is placed, and only moved by the sweeper or when nothing is
-- due any more.
create table orders (
  id                 uuid primary key,
  number             text        not null constraint orders_number_key unique check (number ~ '^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$'),
  -- 1 PLACED, 2 AWAITING_PAYMENT, 3 CONFIRMED, 4 SHIPPED, 5 DELIVERED, 6 CANCELLED
  state              smallint    not null check (state between 1 and 6),
  -- 0 none, 1 OUT_OF_STOCK, 2 PAYMENT_FAILED, 3 EXPIRED, 4 REQUESTED
  cancel_reason      smallint    not null check (cancel_reason between 0 and 4),
  cancel_note        text        not null check (char_length(cancel_note) <= 4000),
  version            bigint      not null check (version >= 1),
  -- The versions with which the order came to these states; 0 when it did not.
  -- An event that is said again carries the version at which it was first said.
  awaiting_version   bigint      not null check (awaiting_version between 0 and version),
  confirmed_version  bigint      not null check (confirmed_version between 0 and version),
  cancelled_version  bigint      not null check (cancelled_version between 0 and version),
  shipped_version    bigint      not null check (shipped_version between 0 and version),
  -- What the order waits for, a bit each: 1 STOCK, 2 PAYMENT, 4 COMMIT,
  -- 8 CONFIRMATION_MAIL, 16 RELEASE, 32 REFUND, 64 CANCELLATION_MAIL,
  -- 128 SHIPPING_MAIL, 256 REFUND_MAIL
  awaits             integer     not null check (awaits between 0 and 511),
  -- When the sweeper looks next at the latest; null when there is nothing to look for.
  ask_time           timestamptz,
  ask_count          integer     not null check (ask_count >= 0),
  said_time          timestamptz not null,
  expire_time        timestamptz,
  currency           text        not null check (currency ~ '^[A-Z]{3}$'),
  subtotal_amount    bigint      not null check (subtotal_amount >= 0),
  total_amount       bigint      not null check (total_amount >= 0),
  captured_amount    bigint      not null check (captured_amount in (0, total_amount)),
  refunded_amount    bigint      not null check (refunded_amount between 0 and captured_amount),
  adjustments        jsonb       not null,
  payment_id         uuid        not null,
  payment_method     text        not null check (char_length(payment_method) between 1 and 64),
  customer_id        uuid,
  first_name         text        not null check (char_length(first_name) <= 100),
  last_name          text        collate any_case not null check (char_length(last_name) <= 100),
  email              text        collate any_case not null check (char_length(email) <= 254),
  phone              text        not null check (char_length(phone) <= 40),
  shipping_address   jsonb       not null,
  erased             boolean     not null default false,
  shipment_id        uuid,
  carrier            text        not null default '' check (char_length(carrier) <= 100),
  tracking_code      text        not null default '' check (char_length(tracking_code) <= 100),
  ship_time          timestamptz,
  deliver_time       timestamptz,
  create_time        timestamptz not null,
  update_time        timestamptz not null,

  constraint orders_cancel_reason check ((state = 6) = (cancel_reason <> 0)),
  constraint orders_expires check ((state in (1, 2)) = (expire_time is not null)),
  constraint orders_looked_at check ((awaits <> 0 or expire_time is not null) = (ask_time is not null)),
  constraint orders_paid check (state not in (3, 4, 5) or captured_amount = total_amount),
  constraint orders_unpaid check (state not in (1, 2) or captured_amount = 0),
  constraint orders_shipped check ((state in (4, 5)) = (shipment_id is not null)),
  constraint orders_shipment check ((shipment_id is null) = (ship_time is null)),
  constraint orders_delivered check ((state = 5) = (deliver_time is not null))
) with (fillfactor = 60, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_threshold = 2000);

create index orders_ask_time on orders (ask_time) where ask_time is not null;
create index orders_customer_id on orders (customer_id) where customer_id is not null;
create index orders_email on orders (email);
create index orders_last_name on orders (last_name);
create index orders_create_time on orders (create_time, id);

-- What was ordered; never changed.
create table order_lines (
  order_id     uuid     not null,
  position     smallint not null check (position between 0 and 199),
  product_id   uuid     not null,
  product_code text     not null check (char_length(product_code) between 1 and 64),
  name         text     not null check (char_length(name) between 1 and 200),
  unit_amount  bigint   not null check (unit_amount >= 0),
  quantity     integer  not null check (quantity between 1 and 10000),
  primary key (order_id, position)
);

-- Every state that an order came to; only added to.
create table order_history (
  order_id      uuid        not null,
  version       bigint      not null check (version >= 1),
  state         smallint    not null check (state between 1 and 6),
  cancel_reason smallint    not null check (cancel_reason between 0 and 4),
  note          text        not null check (char_length(note) <= 4000),
  actor         text        not null check (char_length(actor) between 1 and 200),
  trace_id      text        not null check (trace_id ~ '^([0-9a-f]{32})?$'),
  create_time   timestamptz not null,
  primary key (order_id, version)
);

-- What was given back, as payment told.
create table order_refunds (
  refund_id       uuid primary key,
  order_id        uuid    not null,
  amount          bigint  not null check (amount >= 0),
  refunded_amount bigint  not null check (refunded_amount >= amount),
  reason          text    not null check (char_length(reason) <= 500),
  version         bigint  not null check (version >= 1),
  mail_awaited    boolean not null
) with (fillfactor = 80);

create index order_refunds_order_id on order_refunds (order_id);

-- What order knows of products, from catalog's events. Version 0 is what catalog
-- answered when it was asked for a product whose event had not come yet.
create table products (
  id       uuid primary key,
  code     text     not null constraint products_code_key unique check (char_length(code) between 1 and 64),
  name     text     not null check (char_length(name) between 1 and 200),
  currency text     not null check (currency ~ '^[A-Z]{3}$'),
  amount   bigint   not null check (amount >= 0),
  -- 1 DRAFT, 2 ACTIVE, 3 ARCHIVED
  status   smallint not null check (status between 1 and 3),
  version  bigint   not null check (version >= 0)
) with (fillfactor = 80);

-- Customers whose data was erased: they can't order any more.
create table erased_customers (
  customer_id uuid primary key,
  create_time timestamptz not null
);

create table outbox (
  id          bigint generated always as identity primary key,
  topic       text        not null,
  key         uuid        not null,
  version     bigint      not null,
  type        text        not null,
  source      text        not null,
  payload     bytea       not null,
  traceparent text        not null,
  create_time timestamptz not null
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);

create table outbox_leader (
  one      boolean primary key default true check (one),
  holder   uuid    not null,
  released boolean not null
);

create table dead_letters (
  id             bigint generated always as identity primary key,
  consumer_group text        not null,
  topic          text        not null,
  partition      int         not null,
  record_offset  bigint      not null,
  key            uuid        not null,
  event_id       text        not null,
  event_type     text        not null,
  version        bigint      not null,
  event_time     timestamptz not null,
  value          bytea       not null,
  traceparent    text        not null,
  cause          text        not null,
  create_time    timestamptz not null default now(),
  unique (consumer_group, topic, partition, record_offset)
);
create index dead_letters_key on dead_letters (key, consumer_group, topic);

create table idempotency (
  request_id  uuid        not null,
  rpc         text        not null,
  caller      text        not null,
  request     bytea       not null,
  response    bytea       not null,
  create_time timestamptz not null default now(),
  primary key (request_id, rpc, caller)
);
create index idempotency_create_time on idempotency using brin (create_time);

-- +goose Down

drop table idempotency;
drop table dead_letters;
drop table outbox_leader;
drop table outbox;
drop table erased_customers;
drop table products;
drop table order_refunds;
drop table order_history;
drop table order_lines;
drop table orders;
drop collation any_case;
