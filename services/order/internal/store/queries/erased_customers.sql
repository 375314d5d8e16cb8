-- name: ErasedCustomerInsertMany :exec
insert into erased_customers (customer_id, create_time)
select unnest(@customer_ids::uuid[]), @create_time::timestamptz
on conflict (customer_id) do nothing;

-- name: ErasedCustomerListWithOrders :many
select e.customer_id from erased_customers e
where not e.complete
  and exists (select 1 from orders o where o.customer_id = e.customer_id and not o.erased)
limit 100;

-- name: ErasedCustomerListWithoutOrders :many
select e.customer_id from erased_customers e
where not e.complete and e.create_time < @before
  and not exists (select 1 from orders o where o.customer_id = e.customer_id and not o.erased)
limit 1000;

-- name: ErasedCustomerComplete :exec
update erased_customers set complete = true where customer_id = any(@customer_ids::uuid[]);

-- name: ErasedCustomerListMany :many
select customer_id from erased_customers where customer_id = any(@ids::uuid[]);
