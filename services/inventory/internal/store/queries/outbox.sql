-- name: OutboxOldest :one
-- When the event was written that waits longest; nothing when none waits.
select create_time from outbox order by id limit 1;
