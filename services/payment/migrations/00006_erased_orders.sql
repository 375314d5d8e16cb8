-- +goose Up

-- Orders whose person was erased: what somebody types about one afterwards is not kept.
create table erased_orders (order_id uuid primary key);

-- Erasures are known by the order (OrderErased), no longer by the customer's id or by a
-- guest's address.
alter table refunds drop column customer_id, drop column guest_key;
alter table payments drop column guest_key;

-- +goose Down

alter table payments add column guest_key uuid;
create index payments_guest_key_idx on payments (guest_key) where guest_key is not null;
alter table refunds add column customer_id uuid, add column guest_key uuid;
create index refunds_customer_id_idx on refunds (customer_id) where customer_id is not null;
create index refunds_guest_key_idx on refunds (guest_key) where guest_key is not null;
drop table erased_orders;
