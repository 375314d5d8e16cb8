-- name: ErasedCustomerInsertMany :exec
insert into erased_customers (customer_id, create_time)
select unnest(@customer_ids::uuid[]), @create_time::timestamptz
on conflict (customer_id) do nothing;

-- name: ErasedCustomerListWithOrders :many
select e.customer_id from erased_customers e
where e.create_time > @since
  and exists (select 1 from orders o where o.customer_id = e.customer_id and not o.erased)
limit 100;
