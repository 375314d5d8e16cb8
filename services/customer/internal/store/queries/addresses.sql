-- name: AddressInsert :exec
insert into addresses (id, customer_id, label, postal_address)
values (@id, @customer_id, @label, @postal_address);

-- name: AddressUpdate :exec
update addresses set label = @label, postal_address = @postal_address where id = @id;

-- name: AddressDelete :exec
delete from addresses where id = @id;

-- name: AddressDeleteAll :exec
delete from addresses where customer_id = @customer_id;
