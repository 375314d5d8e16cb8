-- name: OutboxWaiting :one
-- How many events wait to be published, at most at_most.
select count(*) from (select from outbox limit @at_most) waiting;

-- name: OutboxAnnounceLock :exec
-- Until the transaction's end no other replica announces anew.
select pg_advisory_xact_lock(@key::bigint);
