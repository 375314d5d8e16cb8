-- +goose Up

-- The server prepares each CHECK of a table anew for every statement that writes
-- it, and compiles a regular expression's automaton anew for every row. What
-- remains is what the promise never to oversell rests on, a constraint each.
-- +goose StatementBegin
do $$
declare
  c record;
begin
  for c in
    select conrelid::regclass as tab, conname from pg_constraint
    where contype = 'c' and conrelid in ('stock'::regclass, 'movements'::regclass, 'reservations'::regclass)
  loop
    execute format('alter table %s drop constraint %I', c.tab, c.conname);
  end loop;
end
$$;
-- +goose StatementEnd

-- Adjustments stop at 1e15; above it is room for what cancelled orders give back.
alter table stock add constraint stock_not_oversold check (0 <= reserved and reserved <= on_hand and on_hand <= 2000000000000000);

-- Adjustments belong to no order, sales and restocks to one.
alter table movements add constraint movements_ledger check (on_hand_after >= 0 and delta <> 0 and (kind = 1) = (order_id is null));

alter table reservations add constraint reservations_lines
  check (state between 1 and 5 and cardinality(product_ids) = cardinality(quantities) and (state = 3 or cardinality(product_ids) > 0));

-- +goose Down

-- The checks that were dropped say nothing that the domain doesn't.
