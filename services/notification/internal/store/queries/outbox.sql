-- name: OutboxPending :one
select count(*) from outbox;
