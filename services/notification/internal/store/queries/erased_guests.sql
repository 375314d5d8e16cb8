-- name: ErasedGuestInsertMany :exec
insert into erased_guests (email, last_order_id, create_time)
select g.email, g.last_order_id, @create_time::timestamptz
from (select unnest(@emails::text[]) as email, unnest(@last_order_ids::uuid[]) as last_order_id) g
order by g.email
on conflict (email) do update
set last_order_id = greatest(erased_guests.last_order_id, excluded.last_order_id), create_time = excluded.create_time;

-- name: ErasedGuestSetUnfinished :exec
update erased_guests set unfinished = @unfinished::boolean where email = any (@emails::text[]);

-- name: ErasedGuestLockUnfinished :many
-- Guests whose mails are not all blank yet, but for those that another process is
-- about to blank.
select email, last_order_id from erased_guests where unfinished order by email limit @max_rows::int for update skip locked;
