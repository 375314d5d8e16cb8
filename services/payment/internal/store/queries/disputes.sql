-- name: DisputeListByPayments :many
select * from disputes
where payment_id = any(@payment_ids::uuid[])
order by payment_id, open_time, provider_dispute_id;

-- name: DisputeUpsertMany :exec
insert into disputes (
  payment_id, provider_dispute_id, order_id, currency, amount, reason, status, open_time, close_time, observe_time, version,
  create_time, update_time
)
select
  unnest(@payment_ids::uuid[]), unnest(@ids::text[]), unnest(@order_ids::uuid[]), unnest(@currencies::text[]),
  unnest(@amounts::bigint[]), unnest(@reasons::text[]), unnest(@statuses::smallint[]), unnest(@open_times::timestamptz[]),
  nullif(unnest(@close_times::timestamptz[]), 'epoch'), unnest(@observe_times::timestamptz[]), unnest(@versions::bigint[]),
  unnest(@create_times::timestamptz[]), unnest(@update_times::timestamptz[])
on conflict (payment_id, provider_dispute_id) do update
set amount = excluded.amount, currency = excluded.currency, reason = excluded.reason, status = excluded.status, close_time = excluded.close_time,
  observe_time = excluded.observe_time, version = excluded.version, update_time = excluded.update_time;

-- name: DisputeCountOpen :one
-- How many disputes wait for the shop's answer at the provider (status 1), and since when.
select count(*) as count, coalesce(min(open_time), 'epoch')::timestamptz as oldest from disputes
where close_time is null and status = 1;
