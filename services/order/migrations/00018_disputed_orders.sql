-- +goose Up
-- The version before keeps working: an index more.

-- The orders that a bank ever disputed, for the list of those that it still does. Nothing but
-- a dispute changes the column, and hardly any order has one.
create index orders_disputed on orders (create_time, id) where disputes <> '[]';

-- +goose Down
drop index orders_disputed;
