-- +goose Up

-- Customers whose data was erased: nobody signs in as them any more.
create table erased_customers (
  customer_id uuid        primary key,
  create_time timestamptz not null
);

-- An erasure deletes all links of an account, used ones too.
drop index links_by_account;
create index links_by_account on links (account_id);

-- +goose Down
drop index links_by_account;
create index links_by_account on links (account_id) where use_time is null;
drop table erased_customers;
