-- +goose Up

-- Never deleted. No index holds a column that orders change, and half of each page
-- is free, so that every update of a hot product stays on its page (HOT).
create table stock (
  product_id   uuid        primary key,
  product_code text        not null unique check (product_code ~ '^[A-Za-z0-9._/-]{1,64}$'),
  -- Adjustments stop at 1e15; above it is room for what cancelled orders give back.
  on_hand      bigint      not null check (on_hand between 0 and 2000000000000000),
  reserved     bigint      not null check (reserved >= 0),
  version      bigint      not null check (version > 0),
  update_time  timestamptz not null,
  constraint stock_not_oversold check (on_hand >= reserved)
) with (fillfactor = 50, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0.1, autovacuum_vacuum_cost_delay = 0);

-- The ledger: only ever inserted. A product's ids rise in the order of its
-- changes, because they are taken under its stock row's lock.
create table movements (
  id            bigint      generated always as identity primary key,
  product_id    uuid        not null,
  kind          smallint    not null check (kind between 1 and 3),
  delta         bigint      not null check (delta <> 0),
  on_hand_after bigint      not null check (on_hand_after >= 0),
  order_id      uuid,
  reason        text        not null check (char_length(reason) <= 500),
  actor         text        not null check (char_length(actor) between 1 and 200),
  trace_id      text        not null check (trace_id ~ '^([0-9a-f]{32})?$'),
  create_time   timestamptz not null,
  -- Adjustments belong to no order, sales and restocks to one.
  constraint movements_order check ((kind = 1) = (order_id is null)),
  constraint movements_sign check (kind = 1 or (kind = 2) = (delta < 0))
);
create index movements_product on movements (product_id, id);
create index movements_order_product on movements (order_id, product_id) where order_id is not null;

-- One row per order. States: 1 RESERVED, 2 COMMITTED, 3 RELEASED, 4 RESTOCKED,
-- 5 REJECTED; RELEASED without products is the tombstone of an order that was
-- cancelled before it was heard of. expire_time never changes, so its index costs
-- updates nothing.
create table reservations (
  order_id    uuid        primary key,
  state       smallint    not null check (state between 1 and 5),
  product_ids uuid[]      not null,
  quantities  int[]       not null check (0 < all (quantities)),
  version     bigint      not null check (version between 1 and 3),
  expire_time timestamptz not null,
  shortages   jsonb,
  create_time timestamptz not null,
  update_time timestamptz not null,
  constraint reservations_lines check (cardinality(product_ids) = cardinality(quantities) and (state = 3 or cardinality(product_ids) > 0)),
  constraint reservations_shortages check ((state = 5) = (shortages is not null))
) with (fillfactor = 50, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
create index reservations_expire_time on reservations (expire_time, order_id);

-- Two members of a group may hold one order's events for a moment, while a
-- partition moves. Whoever inserts its reservation second fails as a transaction
-- that met another does (40001), and is run again from its reads.
-- +goose StatementBegin
create function reservation_made_elsewhere() returns smallint language plpgsql as $$
begin
  raise exception 'another transaction made the reservation' using errcode = 'serialization_failure';
end
$$;
-- +goose StatementEnd

-- What runs now and then, once for all replicas: when it ran, and up to when
-- everything is done. The zero of both is the beginning.
create table passes (
  name     text        primary key,
  ran_time timestamptz not null,
  mark     timestamptz not null
);
insert into passes (name, ran_time, mark) values
  ('ASK_EXPIRED', 'epoch', 'epoch'),
  ('ANNOUNCE_LEVELS', 'epoch', 'epoch');

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
drop table passes;
drop table reservations;
drop function reservation_made_elsewhere;
drop table movements;
drop table stock;
