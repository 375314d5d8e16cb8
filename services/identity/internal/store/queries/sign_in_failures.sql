-- name: SignInFailureLock :many
-- Makes the rows that are not there, and locks all. One statement, so that no row is deleted
-- between the two: a failure that finds no row would not count.
insert into sign_in_failures as f (subject, count, since_time, last_time)
select s.subject, 0, @now::timestamptz, @now::timestamptz
from (select unnest(@subjects::bytea[]) as subject) s
order by s.subject
on conflict (subject) do update set count = f.count
returning *;

-- name: SignInFailureUpdate :exec
update sign_in_failures set count = @count, since_time = @since_time, last_time = @last_time where subject = @subject;

-- name: SignInFailureTakeBack :exec
-- One failure less: the sign-in was right, or no password was compared. A row that counts none
-- is deleted, so that whoever leaves one behind paid for a hash.
with l as (
  select s.subject, s.count from sign_in_failures s where s.subject = any (@subjects::bytea[]) order by s.subject for update
), gone as (
  delete from sign_in_failures d using l where d.subject = l.subject and l.count <= 1
)
update sign_in_failures f set count = f.count - 1 from l where f.subject = l.subject and l.count > 1;

-- name: SignInFailureDelete :exec
delete from sign_in_failures where subject = any (@subjects::bytea[]);

-- name: SignInFailureDeleteBefore :execrows
delete from sign_in_failures where subject in (
  select s.subject from sign_in_failures s where s.since_time < @before order by s.since_time limit @max_rows::int
);
