-- +goose Up

-- An erasure is settled when a look long after it found no order to blank: until then
-- one is looked for, however long the service was away meanwhile.
alter table erased_customers add column settled boolean not null default false;
create index erased_customers_open on erased_customers (customer_id) where not settled;

-- +goose Down
drop index erased_customers_open;
alter table erased_customers drop column settled;
