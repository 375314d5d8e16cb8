-- name: ErasedCustomerShare :exec
-- Taken before mails are written or resent: an erasure waits for them, and they for it.
lock table erased_customers in row share mode;

-- name: ErasedCustomerExclude :exec
-- Taken by an erasure before anything else.
lock table erased_customers in exclusive mode;

-- name: ErasedCustomerInsertMany :exec
insert into erased_customers (customer_id, account_id, create_time)
select c.customer_id, nullif(c.account_id, '00000000-0000-0000-0000-000000000000'), @create_time::timestamptz
from (select unnest(@customer_ids::uuid[]) as customer_id, unnest(@account_ids::uuid[]) as account_id) c
on conflict (customer_id) do nothing;

-- name: ErasedCustomerSetUnfinished :exec
update erased_customers set unfinished = @unfinished::boolean where customer_id = any (@customer_ids::uuid[]);

-- name: ErasedCustomerLockUnfinished :many
-- Customers whose mails are not all blank yet, but for those that another process is
-- about to blank.
select customer_id, coalesce(account_id, '00000000-0000-0000-0000-000000000000')::uuid as account_id
from erased_customers where unfinished order by customer_id limit @max_rows::int for update skip locked;

-- name: ErasedRecent :one
-- Whether mails may have been blanked since @since.
select exists (select from erased_customers where create_time > @since::timestamptz or unfinished)
    or exists (select from erased_orders where create_time > @since::timestamptz or unfinished);
