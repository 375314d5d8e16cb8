-- name: SignInFailureEnsure :exec
-- Makes the rows that are locked next.
insert into sign_in_failures (subject, count, since_time, last_time)
select s.subject, 0, @now::timestamptz, @now::timestamptz
from (select unnest(@subjects::bytea[]) as subject) s
order by s.subject
on conflict do nothing;

-- name: SignInFailureLock :many
select * from sign_in_failures where subject = any (@subjects::bytea[]) order by subject for no key update;

-- name: SignInFailureUpdate :exec
update sign_in_failures set count = @count, since_time = @since_time, last_time = @last_time where subject = @subject;

-- name: SignInFailureTakeBack :exec
-- One failure less: the sign-in was right, or no password was compared.
update sign_in_failures f
set count = greatest(0, f.count - 1)
from (
  select s.subject from sign_in_failures s where s.subject = any (@subjects::bytea[]) order by s.subject for no key update
) l
where f.subject = l.subject;

-- name: SignInFailureDelete :exec
delete from sign_in_failures where subject = any (@subjects::bytea[]);

-- name: SignInFailureDeleteBefore :execrows
delete from sign_in_failures where subject in (
  select s.subject from sign_in_failures s where s.since_time < @before order by s.since_time limit @max_rows::int
);
