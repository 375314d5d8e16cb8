-- name: OrderRequestInsert :exec
insert into order_requests (order_id, request_id, rpc, caller) values (@order_id, @request_id, @rpc, @caller)
on conflict do nothing;
