-- +goose Up

-- The address with which the account signs in, as far as customer knows, and the version of
-- the account that showed it: where the customer has the same address, it follows.
alter table customer_accounts add column email text not null default '';
alter table customer_accounts add column version bigint not null default 1;

-- +goose Down
alter table customer_accounts drop column version;
alter table customer_accounts drop column email;
