-- name: GuestKeyInsert :exec
insert into guest_keys (key) values (@key) on conflict do nothing;

-- name: GuestKeyGet :one
select key from guest_keys;
