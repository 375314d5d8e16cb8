-- +goose Up
-- The version before keeps working: two indexes more.

-- The orders that are neither shipped nor cancelled, for the lists of what is to be shipped
-- and what is overdue. An order changes its state several times until it is confirmed, and
-- none of these changes touches this index, nor a column of its predicate.
create index orders_open on orders (create_time, id) where shipment_id is null and cancelled_version = 0;

-- First and last names together, for searches. First names are folded here as nearly as SQL
-- can: nothing but what a search finds depends on it, and no row can lack its key. It does all
-- that orders_last_name_key does, so that the version after this one can drop that.
create index orders_name on orders (last_name_key, (casefold(normalize(first_name, nfc) collate "pg_unicode_fast") collate "C"));

-- +goose Down
drop index orders_name;
drop index orders_open;
