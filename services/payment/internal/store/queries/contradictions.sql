-- name: ContradictionInsert :execrows
-- One event is one contradiction: what was resolved is not opened again when it is
-- reported again.
insert into contradictions (id, event_id, event_type, payment_id, cause, create_time)
select @id, @event_id, @event_type, @payment_id, @cause, @create_time
where not exists (select from contradictions c where c.event_id = @event_id)
on conflict (event_id) where resolve_time is null do nothing;

-- name: ContradictionResolve :one
-- The first resolution stays: to resolve again changes nothing.
update contradictions
set resolver = case when resolve_time is null then @resolver else resolver end,
  note = case when resolve_time is null then @note else note end,
  resolve_time = coalesce(resolve_time, @resolve_time)
where id = @id
returning *;

-- name: ContradictionCountOpen :one
select count(*) from contradictions where resolve_time is null;

-- name: ContradictionListOpen :many
select * from contradictions where resolve_time is null order by create_time, id limit 1000;
