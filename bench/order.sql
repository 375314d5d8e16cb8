-- One whole order as a single transaction would write it: the rows that the
-- services leave behind for a paid order of three lines, and the seven events
-- that pass through their outboxes (which the services delete again, at their own
-- cost; here they stay). One pipeline, prepared statements.
\set n :n + 1
\set k :client_id * 100000000 + :n
\set third :products / 3
\set a random(1, :third)
\set b :third + random(1, :third)
\set c 2 * :third + random(1, :third)
\startpipeline
begin;
select id, name, amount from order_.products where code in ('P' || :a, 'P' || :b, 'P' || :c);
insert into order_.idempotency (request_id, rpc, caller, request, response) values (key(:k), '/shopmesh.order.v1.OrderService/PlaceOrder', 'owner', payload(350), payload(900));
insert into order_.orders (id, number, state, cancel_reason, cancel_note, version, awaiting_version, confirmed_version, cancelled_version, shipped_version, awaits, due_time, retry_count, last_published_time, expire_time, currency, subtotal_amount, total_amount, captured_amount, refunded_amount, adjustments, payment_id, payment_method, first_name, last_name, last_name_key, email, phone, shipping_address, create_time, update_time) values (key(:k), number(:k), 1, 0, '', 1, 0, 0, 0, 0, 1, now() + interval '30 s', 0, now(), now() + interval '30 min', 'EUR', 12970, 12970, 0, 0, '[]', key(:k), 'sandbox_ok', 'Ada', 'Lovelace', 'lovelace', 'ada' || :k % 1000000 || '@example.com', '', '{"regionCode":"GB","postalCode":"W1","locality":"London","addressLines":["12 St James''s Square"]}', now(), now());
insert into order_.order_lines (order_id, position, product_id, product_code, name, unit_amount, quantity) values (key(:k), 0, key(:a), 'P' || :a, 'Product ' || :a, 4999, 1);
insert into order_.order_lines (order_id, position, product_id, product_code, name, unit_amount, quantity) values (key(:k), 1, key(:b), 'P' || :b, 'Product ' || :b, 3999, 1);
insert into order_.order_lines (order_id, position, product_id, product_code, name, unit_amount, quantity) values (key(:k), 2, key(:c), 'P' || :c, 'Product ' || :c, 3972, 1);
insert into order_.order_history (order_id, version, state, cancel_reason, note, actor, trace_id, create_time) values (key(:k), 1, 1, 0, '', 'owner', trace(:k), now());
insert into order_.outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.order.order.v1', key(:k), 1, 'shopmesh.order.v1.OrderPlaced', '/shopmesh/order', payload(220), '', now());
insert into inventory_.reservations (order_id, state, product_ids, quantities, version, expire_time, create_time, update_time) values (key(:k), 1, array[key(:a), key(:b), key(:c)], '{1,1,1}', 1, now() + interval '30 min', now(), now());
update inventory_.stock set reserved = reserved + 1, version = version + 1, update_time = now() where product_id = key(:a);
update inventory_.stock set reserved = reserved + 1, version = version + 1, update_time = now() where product_id = key(:b);
update inventory_.stock set reserved = reserved + 1, version = version + 1, update_time = now() where product_id = key(:c);
insert into inventory_.outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.inventory.reservation.v1', key(:k), 1, 'shopmesh.inventory.v1.StockReserved', '/shopmesh/inventory', payload(40), '', now());
update order_.orders set state = 2, version = 2, awaiting_version = 2, awaits = 2, last_published_time = now(), update_time = now() where id = key(:k);
insert into order_.order_history (order_id, version, state, cancel_reason, note, actor, trace_id, create_time) values (key(:k), 2, 2, 0, '', 'inventory', trace(:k), now());
insert into order_.outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.order.order.v1', key(:k), 2, 'shopmesh.order.v1.OrderAwaitingPayment', '/shopmesh/order', payload(130), '', now());
insert into payment_.payments (id, order_id, reference, currency, amount, captured, refunded, status, method, provider, provider_charge_id, failure_code, order_cancelled, attempt_count, due_time, version, traceparent, create_time, update_time) values (key(:k), key(:k), reference(:k), 'EUR', 12970, 0, 0, 1, 'sandbox_ok', 'sandbox', '', '', false, 0, now() + interval '15 s', 1, '', now(), now());
insert into sandbox_.charges (id, idempotency_key, payment_id, order_id, reference, amount, currency, method, outcome, code) values ('ch_' || :k, 'charge:' || :k, key(:k), key(:k), reference(:k), 12970, 'EUR', 'sandbox_ok', 1, '');
insert into payment_.payment_attempts (subject_id, number, outcome, detail, start_time, end_time, trace_id) values (key(:k), 1, 1, '', now(), now(), trace(:k));
update payment_.payments set status = 2, captured = amount, provider_charge_id = 'ch_' || :k, attempt_count = 1, due_time = null, version = 2, update_time = now() where id = key(:k);
insert into payment_.outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.payment.payment.v1', key(:k), 2, 'shopmesh.payment.v1.PaymentCaptured', '/shopmesh/payment', payload(120), '', now());
update order_.orders set state = 3, version = 3, confirmed_version = 3, captured_amount = total_amount, expire_time = null, awaits = 12, last_published_time = now(), update_time = now() where id = key(:k);
insert into order_.order_history (order_id, version, state, cancel_reason, note, actor, trace_id, create_time) values (key(:k), 3, 3, 0, '', 'payment', trace(:k), now());
insert into order_.outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.order.order.v1', key(:k), 3, 'shopmesh.order.v1.OrderConfirmed', '/shopmesh/order', payload(450), '', now());
update inventory_.reservations set state = 2, version = 2, update_time = now() where order_id = key(:k);
update inventory_.stock set on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1, update_time = now() where product_id = key(:a);
update inventory_.stock set on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1, update_time = now() where product_id = key(:b);
update inventory_.stock set on_hand = on_hand - 1, reserved = reserved - 1, version = version + 1, update_time = now() where product_id = key(:c);
insert into inventory_.movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time) values (key(:a), 2, -1, 1000, key(:k), '', 'order', trace(:k), now());
insert into inventory_.movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time) values (key(:b), 2, -1, 1000, key(:k), '', 'order', trace(:k), now());
insert into inventory_.movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time) values (key(:c), 2, -1, 1000, key(:k), '', 'order', trace(:k), now());
insert into inventory_.outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.inventory.reservation.v1', key(:k), 2, 'shopmesh.inventory.v1.StockCommitted', '/shopmesh/inventory', payload(40), '', now());
insert into notification_.notifications (id, kind, subject_id, order_id, status, recipient, recipient_key, subject, shop_name, template, content, message_id, resend_count, attempt_count, retry_count, cause, version, traceparent, create_time, requested_time, due_time) values (key(:k), 1, key(:k), key(:k), 1, 'ada' || :k % 1000000 || '@example.com', 'ada' || :k % 1000000 || '@example.com', 'Order 7K3M-Q2XD confirmed', 'Shopmesh', 1, payload(450), :k || '@shopmesh.example', 0, 0, 0, '', 1, '', now(), now(), now() + interval '60 s');
insert into notification_.delivery_attempts (notification_id, number, accepted, result, trace_id, create_time) values (key(:k), 1, true, '250 OK', trace(:k), now());
update notification_.notifications set status = 2, attempt_count = 1, version = 2, due_time = null, end_time = now(), send_time = now() where id = key(:k);
insert into notification_.outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.notification.notification.v1', key(:k), 2, 'shopmesh.notification.v1.NotificationSent', '/shopmesh/notification', payload(130), '', now());
update order_.orders set awaits = 0, due_time = null, update_time = now() where id = key(:k);
commit;
\endpipeline
