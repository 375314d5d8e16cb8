-- +goose Up

-- Answers to requests that have a request_id (kit/idempotency).
create table if not exists idempotency (
  request_id  uuid        not null,
  rpc         text        not null,
  caller      text        not null,
  request     bytea       not null,
  response    bytea       not null,
  create_time timestamptz not null default now(),
  primary key (request_id, rpc, caller)
) with (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
create index if not exists idempotency_create_time on idempotency (create_time);

-- +goose Down
drop table idempotency;
