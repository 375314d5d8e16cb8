-- +goose Up

-- What the sandbox was asked to take, by key, and what it did. outcome: 1 succeeded, 2 declined.
create table charges (
  id              text        primary key,
  idempotency_key text        not null constraint charges_idempotency_key_key unique,
  payment_id      uuid        not null,
  order_id        uuid        not null,
  reference       text        not null,
  amount          bigint      not null check (amount > 0),
  currency        text        not null check (currency ~ '^[A-Z]{3}$'),
  method          text        not null,
  outcome         smallint    not null check (outcome in (1, 2)),
  code            text        not null check ((code <> '') = (outcome = 2)),
  create_time     timestamptz not null default now()
);

-- What the sandbox was asked to give back. The sum of a charge's succeeded refunds
-- never exceeds the charge: whoever adds one holds the charge's row lock.
create table refunds (
  id              text        primary key,
  idempotency_key text        not null constraint refunds_idempotency_key_key unique,
  charge_id       text        not null,
  refund_id       uuid        not null,
  amount          bigint      not null check (amount > 0),
  currency        text        not null,
  outcome         smallint    not null check (outcome in (1, 2)),
  code            text        not null check ((code <> '') = (outcome = 2)),
  create_time     timestamptz not null default now()
);

create index refunds_charge_id_idx on refunds (charge_id);

-- +goose Down

drop table refunds, charges;
