-- +goose Up

-- What a pending payment waits for (the numbers are those of the contract's
-- PendingReason), when that was first so, and how often it was asked without news.
-- customer_id and guest_key say whose data it is, for an erasure; see decision 0006.
alter table payments
  add column pending_reason       smallint    not null default 0,
  add column action_required_time timestamptz,
  add column processing_time      timestamptz,
  add column poll_count           integer     not null default 0,
  add column poll_time            timestamptz,
  add column customer_id          uuid,
  add column guest_key            uuid;

create index payments_customer_id_idx on payments (customer_id) where customer_id is not null;
create index payments_guest_key_idx on payments (guest_key) where guest_key is not null;

-- The numbers of origin are those of the contract's RefundOrigin.
alter table refunds
  add column origin      smallint not null default 1,
  add column poll_count  integer  not null default 0,
  add column customer_id uuid,
  add column guest_key   uuid;
update refunds set origin = 2 where requester = 'service/order';
alter table refunds alter column origin drop default;

create index refunds_customer_id_idx on refunds (customer_id) where customer_id is not null;
create index refunds_guest_key_idx on refunds (guest_key) where guest_key is not null;

-- A refund that was made at the provider is recorded once.
create unique index refunds_provider_refund_id_key on refunds (payment_id, provider_refund_id) where origin = 3;

-- One row per dispute. The numbers of status are those of the contract's DisputeStatus.
create table disputes (
  payment_id          uuid        not null references payments (id),
  provider_dispute_id text        not null check (octet_length(provider_dispute_id) <= 200),
  order_id            uuid        not null,
  currency            text        not null,
  amount              bigint      not null,
  reason              text        not null check (octet_length(reason) <= 200),
  status              smallint    not null check (status between 1 and 5),
  open_time           timestamptz not null,
  close_time          timestamptz,
  -- When the provider was asked how it stands; an older observation changes nothing.
  observe_time        timestamptz not null,
  version             bigint      not null check (version > 2),
  create_time         timestamptz not null,
  update_time         timestamptz not null,
  primary key (payment_id, provider_dispute_id),
  constraint disputes_closed check ((close_time is null) = (status in (1, 2)))
);
create index disputes_open_idx on disputes (open_time) where close_time is null;

-- What a provider reports and what contradicts the books. Nothing of its message is
-- kept, because that may hold personal data.
create table contradictions (
  id           uuid        primary key,
  event_id     text        not null,
  event_type   text        not null,
  payment_id   uuid,
  cause        text        not null,
  create_time  timestamptz not null,
  resolve_time timestamptz,
  resolver     text        not null default '',
  note         text        not null default '' check (char_length(note) <= 500)
);
-- One event is one contradiction until somebody resolves it.
create unique index contradictions_open_key on contradictions (event_id) where resolve_time is null;

-- Contradictions were dead letters, which could not be redriven.
-- +goose StatementBegin
do $$
begin
  if to_regclass('dead_letters') is not null then
    insert into contradictions (id, event_id, event_type, payment_id, cause, create_time)
    select gen_random_uuid(), event_id, event_type, null, cause, create_time from dead_letters where topic = 'provider';
    delete from dead_letters where topic = 'provider';
  end if;
end
$$;
-- +goose StatementEnd

-- +goose Down

drop table contradictions, disputes;
drop index refunds_provider_refund_id_key, refunds_guest_key_idx, refunds_customer_id_idx, payments_guest_key_idx, payments_customer_id_idx;
alter table refunds drop column origin, drop column poll_count, drop column customer_id, drop column guest_key;
alter table payments drop column pending_reason, drop column action_required_time, drop column processing_time, drop column poll_count,
  drop column poll_time, drop column customer_id, drop column guest_key;
