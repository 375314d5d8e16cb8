-- +goose Up

-- Orders whose OrderErased was published, for the republisher. The event did not exist
-- before: the orders that were erased until now count as erased now, so that the
-- republisher publishes all of theirs when order starts next.
create table erased_orders (
  order_id    uuid        primary key,
  version     bigint      not null,
  create_time timestamptz not null
);
create index erased_orders_by_create_time on erased_orders (create_time);
insert into erased_orders (order_id, version, create_time) select id, version, now() from orders where erased;

-- +goose Down
drop table erased_orders;
