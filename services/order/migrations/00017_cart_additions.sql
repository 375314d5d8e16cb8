-- +goose Up
-- The version before keeps working: it leaves the column as it is.

-- The request_ids of what was added to the cart last, so that none adds twice.
alter table carts add column additions uuid[] not null default '{}';

-- +goose Down
alter table carts drop column additions;
