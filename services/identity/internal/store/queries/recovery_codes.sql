-- name: RecoveryCodeDeleteOf :exec
delete from recovery_codes where account_id = @account_id;

-- name: RecoveryCodeInsertMany :exec
insert into recovery_codes (account_id, hash)
select @account_id::uuid, h.hash from (select unnest(@hashes::bytea[]) as hash) h;

-- name: RecoveryCodeUse :one
-- A code that was there is gone.
with used as (delete from recovery_codes where account_id = @account_id and hash = @hash returning 1)
select count(*) from used;
