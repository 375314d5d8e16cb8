-- +goose Up

-- Which account of identity signs in as which customer: at most one each.
create table customer_accounts (
  account_id  uuid        primary key,
  customer_id uuid        not null references customers (id),
  create_time timestamptz not null,
  constraint customer_accounts_customer_once unique (customer_id)
);

-- +goose Down
drop table customer_accounts;
