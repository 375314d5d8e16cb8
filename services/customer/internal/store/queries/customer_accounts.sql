-- name: CustomerAccountGet :one
select customer_id from customer_accounts where account_id = @account_id;

-- name: CustomerAccountInsert :exec
insert into customer_accounts (account_id, customer_id, email, create_time) values (@account_id, @customer_id, @email, @create_time);

-- name: CustomerAccountUpdate :exec
update customer_accounts set email = @email, version = @version where account_id = @account_id;

-- name: CustomerAccountErase :exec
update customer_accounts set email = '' where customer_id = @customer_id;

-- name: CustomerByEmail :one
-- Who has an address, locked, and whether an account signs in as them.
select c.id, c.email, exists (select from customer_accounts a where a.customer_id = c.id) as linked
from customers c
where c.email_key = @email_key and not c.erased
for no key update of c;
