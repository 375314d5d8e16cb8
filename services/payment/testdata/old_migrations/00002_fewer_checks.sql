-- +goose Up

-- The server prepares each CHECK of a table anew for every statement that writes
-- it, and compiles a regular expression's automaton anew for every row. What
-- remains is what the promise never to charge twice rests on.
-- +goose StatementBegin
do $$
declare
  c record;
begin
  for c in
    select conrelid::regclass as tab, conname from pg_constraint
    where contype = 'c' and conrelid in ('payments'::regclass, 'payment_attempts'::regclass)
  loop
    execute format('alter table %s drop constraint %I', c.tab, c.conname);
  end loop;
end
$$;
-- +goose StatementEnd

alter table payments
  add constraint payments_money check (0 <= refunded and refunded <= captured and captured <= amount),
  add constraint payments_states check ((due_time is not null) = (status = 1) and case status
    when 2 then captured = amount and refunded = 0
    when 5 then captured = amount and 0 < refunded and refunded < captured
    when 6 then captured = amount and refunded = captured
    else captured = 0 and status between 1 and 6 end),
  -- The provider's own words: an answer that can't be kept is asked for again.
  add constraint payments_answer check (octet_length(provider_charge_id) <= 200 and octet_length(failure_code) <= 200);

-- +goose Down

-- The checks that were dropped say nothing that the domain doesn't.
