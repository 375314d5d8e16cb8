-- name: ErasedCustomerInsertMany :exec
insert into erased_customers (customer_id, create_time)
select unnest(@customer_ids::uuid[]), @create_time::timestamptz
on conflict (customer_id) do nothing;
