-- name: VerifiedEmailInsertMany :exec
insert into verified_emails (customer_id, email, verify_time)
select unnest(@customer_ids::uuid[]), unnest(@emails::text[]), unnest(@verify_times::timestamptz[]);

-- name: VerifiedEmailLock :many
-- The next one that no other replica works on; many, because there may be none.
select id, customer_id, email, verify_time from verified_emails order by id limit 1 for update skip locked;

-- name: VerifiedEmailDelete :exec
delete from verified_emails where id = @id;
