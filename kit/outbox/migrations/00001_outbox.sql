-- +goose Up

-- "if not exists": the contexts' own migrations once made these tables, and a database
-- from that time keeps its rows.

-- Events on their way to the broker. The table is a queue: every row is inserted and
-- soon deleted. Its autovacuum runs by count, not by share, and without pauses, so that
-- it stays small.
create table if not exists outbox (
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

-- The relay that leads, or led last, and whether it gave the lead back.
create table if not exists outbox_leader (
  one      boolean primary key default true check (one),
  holder   uuid    not null,
  released boolean not null
);

-- +goose Down
drop table outbox_leader, outbox;
