-- name: AttemptInsertMany :exec
insert into payment_attempts (subject_id, number, outcome, detail, start_time, end_time, trace_id)
select
  unnest(@subject_ids::uuid[]), unnest(@numbers::integer[]), unnest(@outcomes::smallint[]), unnest(@details::text[]),
  unnest(@start_times::timestamptz[]), unnest(@end_times::timestamptz[]), unnest(@trace_ids::text[]);

-- name: AttemptList :many
select * from payment_attempts
where subject_id = any(@subject_ids::uuid[])
order by subject_id, number;
