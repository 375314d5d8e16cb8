-- name: SigningKeyList :many
-- The newest first.
select * from signing_keys order by activate_time desc, kid;
