-- name: ReservationInsertMany :exec
-- An order's lines are the elements first_lines to last_lines, from 1, of
-- product_ids and quantities; none when first is above last.
insert into reservations (order_id, state, product_ids, quantities, version, expire_time, shortages, create_time, update_time)
select r.order_id, r.state, (@product_ids::uuid[])[r.first_line:r.last_line], (@quantities::int[])[r.first_line:r.last_line],
       r.version, r.expire_time, nullif(r.shortages, '')::jsonb, @now::timestamptz, @now::timestamptz
from (
  select unnest(@order_ids::uuid[]) as order_id, unnest(@states::smallint[]) as state,
         unnest(@first_lines::int[]) as first_line, unnest(@last_lines::int[]) as last_line,
         unnest(@versions::bigint[]) as version, unnest(@expire_times::timestamptz[]) as expire_time,
         unnest(@shortages::text[]) as shortages
) r
on conflict (order_id) do update set state = reservation_made_elsewhere();

-- name: ReservationUpdateMany :exec
update reservations r
set state = c.state, version = c.version, update_time = @update_time::timestamptz
from (
  select unnest(@order_ids::uuid[]) as order_id, unnest(@states::smallint[]) as state, unnest(@versions::bigint[]) as version
) c
where r.order_id = c.order_id;

-- name: ReservationListExpired :many
-- State 1 is RESERVED. The range begins where the pass before found the first one.
select order_id, version, expire_time, update_time from reservations
where (expire_time, order_id) > (@after_expire_time::timestamptz, @after_order_id::uuid)
  and expire_time <= @until::timestamptz and state = 1
order by expire_time, order_id
limit @max_rows;
