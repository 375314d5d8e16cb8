-- +goose Up

-- Erasures search what people typed; most movements have no reason.
create index movements_reasons on movements (id) where reason <> '';

-- +goose Down
drop index movements_reasons;
