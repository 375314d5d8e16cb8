-- name: SessionGet :one
select content, version, expire_time from sessions where id = @id and expire_time > @now;

-- name: SessionInsert :execrows
insert into sessions (id, content, version, expire_time)
values (@id, @content, 1, @expire_time)
on conflict (id) do nothing;

-- name: SessionUpdate :execrows
-- Of two changes of one version the second finds no row.
update sessions set content = @content, version = version + 1, expire_time = @expire_time
where id = @id and version = @version;

-- name: SessionDelete :exec
delete from sessions where id = @id;

-- name: SessionDeleteExpired :execrows
delete from sessions where id in (select s.id from sessions as s where s.expire_time <= @now order by s.expire_time limit 1000);
