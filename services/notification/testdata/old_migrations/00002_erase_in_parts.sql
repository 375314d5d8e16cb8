-- +goose Up

-- A customer of very many mails is erased in parts; unfinished says that mails are left.
alter table erased_customers add column unfinished boolean not null default false;
create index erased_customers_unfinished on erased_customers (customer_id) where unfinished;
-- Whether somebody was erased just now.
create index erased_customers_by_create_time on erased_customers (create_time);

-- Erasure looks for what is not blank yet; the rest of a part must not be read again
-- for each part.
drop index notifications_by_customer;
create index notifications_to_erase on notifications (customer_id, id) where customer_id is not null and recipient <> '';

-- +goose Down
drop index notifications_to_erase;
create index notifications_by_customer on notifications (customer_id) where customer_id is not null;
drop index erased_customers_by_create_time;
drop index erased_customers_unfinished;
alter table erased_customers drop column unfinished;
