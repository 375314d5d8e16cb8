-- name: ErasedCustomerShare :exec
-- Taken before mails are written or resent: an erasure waits for them, and they for it.
lock table erased_customers in row share mode;

-- name: ErasedCustomerExclude :exec
-- Taken by an erasure before anything else.
lock table erased_customers in exclusive mode;

-- name: ErasedCustomerInsertMany :exec
insert into erased_customers (customer_id, create_time)
select unnest(@customer_ids::uuid[]), @create_time::timestamptz
on conflict (customer_id) do nothing;

-- name: ErasedCustomerSetUnfinished :exec
update erased_customers set unfinished = @unfinished::boolean where customer_id = any (@customer_ids::uuid[]);

-- name: ErasedCustomerLockUnfinished :many
-- Customers whose mails are not all blank yet, but for those that another process is
-- about to blank.
select customer_id from erased_customers where unfinished order by customer_id limit @max_rows::int for update skip locked;

-- name: ErasedRecent :one
-- Whether mails may have been blanked since @since.
select exists (select from erased_customers where create_time > @since::timestamptz or unfinished)
    or exists (select from erased_orders where create_time > @since::timestamptz or unfinished);
