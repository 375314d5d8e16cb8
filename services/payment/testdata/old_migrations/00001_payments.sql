-- +goose Up

-- One row per order. The numbers of status are those of the contract's PaymentStatus.
-- A tombstone (an order that was cancelled before it asked for money) is CANCELLED with amount 0.
create table payments (
  id                 uuid        primary key,
  order_id           uuid        not null constraint payments_order_id_key unique,
  reference          text        not null constraint payments_reference_key unique check (reference ~ '^PAY-[0-9A-Z]{8}$'),
  currency           text        not null check (currency ~ '^[A-Z]{3}$'),
  amount             bigint      not null,
  captured           bigint      not null,
  refunded           bigint      not null,
  status             smallint    not null check (status between 1 and 6),
  method             text        not null check (octet_length(method) <= 100),
  provider           text        not null check (octet_length(provider) <= 50),
  provider_charge_id text        not null check (octet_length(provider_charge_id) <= 200),
  failure_code       text        not null check (octet_length(failure_code) <= 200),
  order_cancelled    boolean     not null,
  attempt_count      integer     not null check (attempt_count >= 0),
  -- When the provider is to be asked, or asked again; null once settled.
  due_time           timestamptz,
  version            bigint      not null check (version >= 1),
  traceparent        text        not null check (octet_length(traceparent) <= 55),
  create_time        timestamptz not null,
  update_time        timestamptz not null,
  constraint payments_money check (0 <= refunded and refunded <= captured and captured <= amount),
  constraint payments_due check ((due_time is not null) = (status = 1)),
  constraint payments_status check (case status
    when 2 then captured = amount and refunded = 0
    when 5 then captured = amount and 0 < refunded and refunded < captured
    when 6 then captured = amount and refunded = captured
    else captured = 0 end)
) with (fillfactor = 70, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

create index payments_due_time_idx on payments (due_time) where due_time is not null;

-- The numbers of status are those of the contract's RefundStatus.
create table refunds (
  id                 uuid        primary key,
  payment_id         uuid        not null references payments (id),
  order_id           uuid        not null,
  currency           text        not null check (currency ~ '^[A-Z]{3}$'),
  amount             bigint      not null check (amount > 0),
  status             smallint    not null check (status between 1 and 3),
  reason             text        not null check (char_length(reason) <= 500),
  requester          text        not null check (octet_length(requester) <= 200),
  provider_refund_id text        not null check (octet_length(provider_refund_id) <= 200),
  failure_code       text        not null check (octet_length(failure_code) <= 200),
  attempt_count      integer     not null check (attempt_count >= 0),
  due_time           timestamptz,
  -- The payment's version when the money was given back; 0 before.
  version            bigint      not null,
  traceparent        text        not null check (octet_length(traceparent) <= 55),
  create_time        timestamptz not null,
  update_time        timestamptz not null,
  constraint refunds_due check ((due_time is not null) = (status = 1)),
  constraint refunds_version check ((version > 2) = (status = 2))
) with (fillfactor = 80);

create index refunds_payment_id_idx on refunds (payment_id, id);
create index refunds_due_time_idx on refunds (due_time) where due_time is not null;

-- One row per request to the provider, written with its outcome. subject_id is the
-- payment or the refund. The numbers of outcome are those of the contract's AttemptOutcome.
create table payment_attempts (
  subject_id uuid        not null,
  number     integer     not null check (number >= 1),
  outcome    smallint    not null check (outcome between 1 and 3),
  detail     text        not null check (octet_length(detail) <= 500),
  start_time timestamptz not null,
  end_time   timestamptz not null,
  trace_id   text        not null check (trace_id ~ '^([0-9a-f]{32})?$'),
  primary key (subject_id, number)
);

-- The kit's tables: kit/outbox.Schema, kit/consumer.Schema, kit/idempotency.Schema.
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

drop table idempotency, dead_letters, outbox_leader, outbox, payment_attempts, refunds, payments;
