-- +goose Up

-- As kit/idempotency.Schema: old answers are found by a B-tree, because a BRIN
-- index finds every page once purged space is used again; and what a purge frees is
-- vacuumed soon, so that the table levels off.
drop index idempotency_create_time;
create index idempotency_create_time on idempotency (create_time);
alter table idempotency set (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);

-- +goose Down
alter table idempotency reset (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor, autovacuum_vacuum_cost_delay);
drop index idempotency_create_time;
create index idempotency_create_time on idempotency using brin (create_time);
