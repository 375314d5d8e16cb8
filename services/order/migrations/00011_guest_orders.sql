-- +goose Up

-- The version of the token that opens a guest's order; it rises when the token ends.
alter table orders add column guest_version bigint not null default 1;

-- The unpaid orders of guests, and those that staff without ORDERS_WRITE placed for guests,
-- are counted by the key of the caller who placed them.
create index orders_guest on orders (request_caller, create_time) where request_caller like 'guest/%' or request_caller like 'staff/%';

-- +goose Down
drop index orders_guest;
alter table orders drop column guest_version;
