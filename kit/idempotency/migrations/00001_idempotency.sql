-- +goose Up

-- "if not exists": the contexts' own migrations once made this table, and a database
-- from that time keeps its rows.

-- Answers to requests that have a request_id. The selective column comes first in the
-- key: with the others first, a plan made on an empty table would read all requests of a
-- caller. Vacuum comes with the purge, so that what the purge frees is used again and the
-- table levels off.
create table if not exists idempotency (
  request_id  uuid        not null,
  rpc         text        not null,
  caller      text        not null,
  request     bytea       not null,
  response    bytea       not null,
  create_time timestamptz not null default now(),
  primary key (request_id, rpc, caller)
);
alter table idempotency set (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- A B-tree: once purged space is used again, old and new rows share pages, and a BRIN
-- index, which the first databases have, would have each purge read the whole table.
drop index if exists idempotency_create_time;
create index idempotency_create_time on idempotency (create_time);

-- +goose Down
drop table idempotency;
