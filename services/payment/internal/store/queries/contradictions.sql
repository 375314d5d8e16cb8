-- name: ContradictionInsert :execrows
-- One event is one contradiction: what was resolved is not opened again when it is
-- reported again.
insert into contradictions (id, event_id, event_type, payment_id, cause, create_time)
select @id, @event_id, @event_type, @payment_id, @cause, @create_time
where not exists (select from contradictions c where c.event_id = @event_id)
on conflict (event_id) where resolve_time is null do nothing;

-- name: ContradictionLockPayment :exec
-- Keeps an erasure of the payment's order from coming between the look at erased_orders
-- and the note that is written: erasures lock the payment first, too.
select p.id from payments p
join contradictions c on c.payment_id = p.id
where c.id = @id
for share of p;

-- name: ContradictionResolve :one
-- The first resolution stays: to resolve again changes nothing. What somebody typed about
-- an erased order is not kept.
update contradictions c
set resolver = case when c.resolve_time is null then @resolver else c.resolver end,
  note = case
    when c.resolve_time is not null then c.note
    when exists (
      select from payments p join erased_orders e on e.order_id = p.order_id where p.id = c.payment_id
    ) then ''
    else @note
  end,
  resolve_time = coalesce(c.resolve_time, @resolve_time)
where c.id = @id
returning *;

-- name: ContradictionErase :exec
-- Blanks what people typed when they resolved contradictions about erased orders.
update contradictions c
set note = ''
from payments p
where p.order_id = any(@order_ids::uuid[]) and c.payment_id = p.id and c.note <> '';

-- name: ContradictionCountOpen :one
select count(*) from contradictions where resolve_time is null;

-- name: ContradictionListOpen :many
select * from contradictions where resolve_time is null order by create_time, id limit 1000;
