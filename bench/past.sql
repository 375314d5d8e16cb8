-- A shop that has been open for long: :past products and as many past orders of
-- three lines each, all of them paid, committed and mailed, so that the audit has
-- nothing to do for them. Product number p is sold once by each of three
-- orders. What stands before a semicolon at a line's end runs in the database
-- named above it.

-- shopmesh_catalog
insert into products (id, code, name, description, category_id, price_currency, price_amount, price_major, status, attributes, images, version, create_time, update_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, 'PAST-' || lpad(n::text, 7, '0'), 'Past product ' || n, 'A product of the bench.', (select id from categories limit 1), 'EUR', 1999, 19.99, 'ACTIVE', '{}', '[]', 1, now() - interval '90 d', now() - interval '90 d'
from generate_series(0, $1::bigint - 1) n;
insert into availability (product_id, available, version)
select lpad(to_hex(n + 1), 32, '0')::uuid, 1000, 1 from generate_series(0, $1::bigint - 1) n;

-- shopmesh_inventory
insert into stock (product_id, product_code, on_hand, reserved, version, update_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, 'PAST-' || lpad(n::text, 7, '0'), 997, 0, 8, now() - interval '60 d' from generate_series(0, $1::bigint - 1) n;
insert into movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, 1, 1000, 1000, null, 'bench', 'owner', '', now() - interval '90 d' from generate_series(0, $1::bigint - 1) n order by n;
insert into movements (product_id, kind, delta, on_hand_after, order_id, reason, actor, trace_id, create_time)
select lpad(to_hex(s % $1 + 1), 32, '0')::uuid, 2, -1, 999 - s / $1, lpad(to_hex(s / 3 + 1), 32, '0')::uuid, '', 'order', '', now() - interval '60 d' from generate_series(0, 3 * $1::bigint - 1) s order by s;
insert into reservations (order_id, state, product_ids, quantities, version, expire_time, create_time, update_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, 2, array[lpad(to_hex((3 * n) % $1 + 1), 32, '0')::uuid, lpad(to_hex((3 * n + 1) % $1 + 1), 32, '0')::uuid, lpad(to_hex((3 * n + 2) % $1 + 1), 32, '0')::uuid], '{1,1,1}', 2, now() - interval '60 d', now() - interval '60 d', now() - interval '60 d'
from generate_series(0, $1::bigint - 1) n;

-- shopmesh_order
insert into products (id, code, name, currency, amount, status, version)
select lpad(to_hex(n + 1), 32, '0')::uuid, 'PAST-' || lpad(n::text, 7, '0'), 'Past product ' || n, 'EUR', 1999, 2, 1 from generate_series(0, $1::bigint - 1) n;
insert into orders (id, number, state, cancel_reason, cancel_note, version, awaiting_version, confirmed_version, cancelled_version, shipped_version, awaits, due_time, retry_count, last_published_time, expire_time, currency, subtotal_amount, total_amount, captured_amount, refunded_amount, adjustments, payment_id, payment_method, first_name, last_name, last_name_key, email, phone, shipping_address, create_time, update_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, substr(upper(lpad(to_hex(n), 8, '0')), 1, 4) || '-' || substr(upper(lpad(to_hex(n), 8, '0')), 5, 4), 3, 0, '', 3, 2, 3, 0, 0, 0, null, 0, now() - interval '60 d', null, 'EUR', 5997, 5997, 5997, 0, '[]', lpad(to_hex(n + 1), 32, '0')::uuid, 'sandbox_ok', 'Ada', 'Lovelace', 'lovelace', 'ada' || n || '@example.com', '', '{"regionCode":"GB","postalCode":"W1","locality":"London","addressLines":["12 St James''s Square"]}', now() - interval '60 d' + n * interval '1 second', now() - interval '60 d'
from generate_series(0, $1::bigint - 1) n;
insert into order_lines (order_id, position, product_id, product_code, name, unit_amount, quantity)
select lpad(to_hex(s / 3 + 1), 32, '0')::uuid, s % 3, lpad(to_hex(s % $1 + 1), 32, '0')::uuid, 'PAST-' || lpad((s % $1)::text, 7, '0'), 'Past product ' || s % $1, 1999, 1 from generate_series(0, 3 * $1::bigint - 1) s;
insert into order_history (order_id, version, state, cancel_reason, note, actor, trace_id, create_time)
select lpad(to_hex(s / 3 + 1), 32, '0')::uuid, 1 + s % 3, 1 + s % 3, 0, '', 'owner', '', now() - interval '60 d' from generate_series(0, 3 * $1::bigint - 1) s;

-- shopmesh_payment
insert into payments (id, order_id, reference, currency, amount, captured, refunded, status, method, provider, provider_charge_id, failure_code, order_cancelled, attempt_count, due_time, version, traceparent, create_time, update_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, lpad(to_hex(n + 1), 32, '0')::uuid, 'PAY-' || upper(lpad(to_hex(n), 8, '0')), 'EUR', 5997, 5997, 0, 2, 'sandbox_ok', 'sandbox', 'ch_past' || n, '', false, 1, null, 2, '', now() - interval '60 d', now() - interval '60 d'
from generate_series(0, $1::bigint - 1) n;
insert into payment_attempts (subject_id, number, outcome, detail, start_time, end_time, trace_id)
select lpad(to_hex(n + 1), 32, '0')::uuid, 1, 1, '', now() - interval '60 d', now() - interval '60 d', '' from generate_series(0, $1::bigint - 1) n;

-- shopmesh_sandbox
insert into charges (id, idempotency_key, payment_id, order_id, reference, amount, currency, method, outcome, code, create_time)
select 'ch_past' || n, 'charge-' || lpad(to_hex(n + 1), 32, '0')::uuid, lpad(to_hex(n + 1), 32, '0')::uuid, lpad(to_hex(n + 1), 32, '0')::uuid, 'PAY-' || upper(lpad(to_hex(n), 8, '0')), 5997, 'EUR', 'sandbox_ok', 1, '', now() - interval '60 d' from generate_series(0, $1::bigint - 1) n;

-- shopmesh_notification
insert into notifications (id, kind, subject_id, order_id, status, recipient, recipient_key, subject, shop_name, template, content, message_id, resend_count, attempt_count, retry_count, cause, version, traceparent, create_time, requested_time, end_time, send_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, 1, lpad(to_hex(n + 1), 32, '0')::uuid, lpad(to_hex(n + 1), 32, '0')::uuid, 2, 'ada' || n || '@example.com', 'ada' || n || '@example.com', 'Order confirmed', 'Shopmesh', 1, '\x5a5a', n || '@shopmesh.example', 0, 1, 0, '', 2, '', now() - interval '60 d', now() - interval '60 d', now() - interval '60 d', now() - interval '60 d'
from generate_series(0, $1::bigint - 1) n;
insert into delivery_attempts (notification_id, number, accepted, result, trace_id, create_time)
select lpad(to_hex(n + 1), 32, '0')::uuid, 1, true, '250 OK', '', now() - interval '60 d' from generate_series(0, $1::bigint - 1) n;
