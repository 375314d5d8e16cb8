-- name: ErasedCustomerShare :exec
-- Taken by what makes an account or a link: an erasure waits for it, and it for an erasure.
lock table erased_customers in row share mode;

-- name: ErasedCustomerExclude :exec
-- Taken by an erasure before anything else.
lock table erased_customers in exclusive mode;

-- name: ErasedCustomerInsertMany :exec
insert into erased_customers (customer_id, create_time)
select unnest(@customer_ids::uuid[]), @create_time::timestamptz
on conflict (customer_id) do nothing;

-- name: ErasedCustomerExists :one
select exists (select from erased_customers where customer_id = @customer_id);

-- name: ErasedCustomerAmong :many
select customer_id from erased_customers where customer_id = any (@ids::uuid[]);
