-- +goose Up

-- What an entry of the history records: 1 a new state, 2 an action that the payment
-- needs, 3 a payment in process, 4 a correction, 5 a dispute.
alter table order_history add column step smallint not null default 1;

-- How far a payment without an outcome has come (0 requested, 1 needs an action, 2 in
-- process), and what banks demand back.
alter table orders add column payment_progress smallint not null default 0;
alter table orders add column disputes jsonb not null default '[]';

-- The request that placed the order, whose stored answer is blanked with the order.
alter table orders add column request_id uuid;
alter table orders add column request_caller text not null default '';

-- The other requests whose stored answers hold an order.
create table order_requests (
  order_id   uuid not null,
  request_id uuid not null,
  rpc        text not null,
  caller     text not null,
  primary key (order_id, request_id, rpc, caller)
);

-- Guests whose data was erased, by their e-mail address in the form that compares.
-- The address itself goes when the erasure is complete.
create table erased_guests (
  id          bigint generated always as identity primary key,
  email       text        collate any_case not null,
  create_time timestamptz not null
);

-- +goose Down
drop table erased_guests;
drop table order_requests;
alter table orders drop column request_caller;
alter table orders drop column request_id;
alter table orders drop column disputes;
alter table orders drop column payment_progress;
alter table order_history drop column step;
