-- name: LinkRequestInsert :exec
insert into link_requests (number, email, traceparent, create_time) values (@number, @email, @traceparent, @create_time);

-- name: LinkRequestTake :one
-- The oldest request that no other process works on.
delete from link_requests where id = (
  select r.id from link_requests r order by r.id limit 1 for update skip locked
)
returning *;
