-- +goose Up

-- Erasures blank the notes of contradictions, too; those that came before did not.
update contradictions c
set note = ''
from payments p join erased_orders e on e.order_id = p.order_id
where c.payment_id = p.id and c.note <> '';

-- +goose Down

-- What is blanked is gone.
select 1;
