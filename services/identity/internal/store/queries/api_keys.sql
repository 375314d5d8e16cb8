-- name: ApiKeyInsert :exec
insert into api_keys (id, display_name, hash, permissions, creator_id, create_time, expire_time)
values (@id, @display_name, @hash, @permissions, @creator_id, @create_time, @expire_time);

-- name: ApiKeyGet :one
select * from api_keys where id = @id;

-- name: ApiKeyLock :one
select * from api_keys where id = @id for no key update;

-- name: ApiKeyRevoke :exec
update api_keys set revoke_time = @revoke_time::timestamptz where id = @id;

-- name: ApiKeyUsed :exec
-- To the minute, so that a key which is used all the time costs a write a minute.
update api_keys set last_use_time = @use_time
where id = @id and (last_use_time is null or last_use_time < @stale_time);

-- name: ApiKeyReissue :exec
update api_keys set hash = @hash where id = @id;
