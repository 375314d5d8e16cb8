-- +goose Up

-- The server prepares each CHECK of a table anew for every statement that writes
-- it, and compiles a regular expression's automaton anew for every row. What
-- remains is what sending each mail once rests on, and what erasure promises.
-- +goose StatementBegin
do $$
declare
  c record;
begin
  for c in
    select conrelid::regclass as tab, conname from pg_constraint
    where contype = 'c' and conrelid in ('notifications'::regclass, 'delivery_attempts'::regclass)
  loop
    execute format('alter table %s drop constraint %I', c.tab, c.conname);
  end loop;
end
$$;
-- +goose StatementEnd

alter table notifications
  add constraint notifications_states check (status between 1 and 4 and (status = 1) = (due_time is not null)
    and (status = 1) = (end_time is null) and (status <> 2 or send_time is not null)),
  add constraint notifications_erased check ((recipient = '') = (content = '') and (recipient <> '' or subject = '') and (status <> 1 or recipient <> ''));

-- +goose Down

-- The checks that were dropped say nothing that the domain doesn't.
