-- name: SigningKeyLock :exec
-- Serialises everything that adds or removes keys; reads go on.
lock table signing_keys in share row exclusive mode;

-- name: SigningKeyList :many
-- The newest first.
select * from signing_keys order by activate_time desc, kid;

-- name: SigningKeyInsert :exec
insert into signing_keys (kid, public_jwk, sealed_key, create_time, activate_time)
values (@kid, @public_jwk, @sealed_key, @create_time, @activate_time);

-- name: SigningKeyRetire :exec
update signing_keys set retire_time = @retire_time::timestamptz, expire_time = @expire_time::timestamptz where kid = @kid;

-- name: SigningKeyDelete :exec
delete from signing_keys where kid = any(@kids::text[]);

-- name: SigningKeyDeleteAll :exec
delete from signing_keys;
