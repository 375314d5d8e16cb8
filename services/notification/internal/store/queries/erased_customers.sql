-- name: ErasedCustomerShare :exec
-- Taken before mails are written: an erasure waits for them, and they for it.
lock table erased_customers in row share mode;

-- name: ErasedCustomerExclude :exec
-- Taken by an erasure before anything else.
lock table erased_customers in exclusive mode;

-- name: ErasedCustomerInsertMany :exec
insert into erased_customers (customer_id, create_time)
select unnest(@customer_ids::uuid[]), @create_time::timestamptz
on conflict (customer_id) do nothing;
