-- name: PassClaim :one
-- Nothing when another replica ran it after the time given.
update passes set ran_time = @now where name = @name and ran_time <= @not_since
returning mark;

-- name: PassMark :one
select mark from passes where name = @name;

-- name: PassAdvance :exec
update passes set mark = greatest(mark, @mark) where name = @name;
