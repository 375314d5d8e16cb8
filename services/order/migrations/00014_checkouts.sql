-- +goose Up
-- The version before keeps working: it writes carts without these columns, which have
-- defaults. A cart that it orders keeps its checkout_id.

-- The request_id of the order of what is in the cart, and the order that was last placed
-- from it.
alter table carts add column checkout_id uuid not null default gen_random_uuid();
alter table carts add column last_order_id uuid;

-- +goose Down
alter table carts drop column last_order_id;
alter table carts drop column checkout_id;
