-- +goose Up

-- The account that a mail is about: an erasure names it beside the customer, whom a mail from
-- before the account was made does not name. The mails of an account are listed, too.
alter table notifications add column account_id uuid;
create index notifications_by_account on notifications (account_id, id) where account_id is not null;
alter table erased_customers add column account_id uuid;
create index erased_customers_by_account on erased_customers (account_id) where account_id is not null;

-- Mails about accounts that are no customer's, such as of an address that never became an
-- account: no erasure names them, so they are blanked a week after their end.
create index notifications_of_no_customer on notifications (end_time)
where order_id = '00000000-0000-0000-0000-000000000000' and customer_id is null and recipient <> '' and end_time is not null;

-- +goose Down
drop index notifications_of_no_customer;
drop index erased_customers_by_account;
alter table erased_customers drop column account_id;
drop index notifications_by_account;
alter table notifications drop column account_id;
