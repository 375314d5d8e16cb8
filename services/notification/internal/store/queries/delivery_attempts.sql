-- name: AttemptInsertMany :exec
insert into delivery_attempts (notification_id, number, accepted, result, trace_id, create_time)
select unnest(@notification_ids::uuid[]), unnest(@numbers::int[]), unnest(@accepteds::boolean[]),
       unnest(@results::text[]), unnest(@trace_ids::text[]), unnest(@create_times::timestamptz[]);

-- name: AttemptNewest :many
-- The newest attempts of each mail, oldest first.
select a.notification_id, a.number, a.accepted, a.result, a.trace_id, a.create_time
from (select unnest(@notification_ids::uuid[]) as id) n
cross join lateral (
  select * from delivery_attempts d where d.notification_id = n.id order by d.number desc limit @max_each::int
) a
order by a.notification_id, a.number;
