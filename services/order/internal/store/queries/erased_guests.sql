-- name: ErasedGuestInsertMany :exec
insert into erased_guests (email, create_time) select unnest(@emails::text[]), unnest(@create_times::timestamptz[]);

-- name: ErasedGuestListWithOrders :many
select e.email, e.create_time from erased_guests e
where exists (select 1 from orders o
  where o.email = e.email and o.customer_id is null and not o.erased and o.create_time <= e.create_time)
limit 100;

-- name: ErasedGuestComplete :exec
-- Forgets the addresses of which no order is left to blank.
delete from erased_guests e where e.create_time < @before
  and not exists (select 1 from orders o
    where o.email = e.email and o.customer_id is null and not o.erased and o.create_time <= e.create_time);
