package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

// Each kind of finding, planted by SQL in the books of a shop that was right, and
// taken back: the audit names it, and nothing else of that shop.
var planted = []struct {
	kind, database, plant, undo string
}{
	{"LEDGER_MISMATCH", "inventory",
		"update stock set on_hand = on_hand + 1 where product_code = $1",
		"update stock set on_hand = on_hand - 1 where product_code = $1"},
	{"RESERVED_MISMATCH", "inventory",
		"update stock set reserved = reserved + 1 where product_code = $1",
		"update stock set reserved = reserved - 1 where product_code = $1"},
	{"STOCK_NOT_COMMITTED", "inventory",
		"update reservations set state = 3 where order_id = $2",
		"update reservations set state = 2 where order_id = $2"},
	{"RESERVATION_MISMATCH", "inventory",
		"update reservations set quantities = array[quantities[1] + 1] where order_id = $2",
		"update reservations set quantities = array[quantities[1] - 1] where order_id = $2"},
	{"LEDGER_ORDER_MISMATCH", "inventory",
		"update movements set order_id = overlay(order_id::text placing '00000000' from 1)::uuid where order_id = $2",
		"update movements set order_id = $2 where left(order_id::text, 8) = '00000000'"},
	{"OVERSOLD", "inventory",
		"update stock set reserved = on_hand + 1 where product_code = $1",
		"update stock set reserved = 0 where product_code = $1"},
	{"NOT_PAID_IN_FULL", "order",
		"update orders set captured_amount = 1 where id = $2",
		"update orders set captured_amount = total_amount where id = $2"},
	{"STOCK_NOT_RELEASED", "order",
		"update orders set state = 6 where id = $2",
		"update orders set state = 3 where id = $2"},
	{"PAID_AND_CANCELLED", "order",
		"update orders set state = 6 where id = $2",
		"update orders set state = 3 where id = $2"},
	{"ORDER_STUCK", "order",
		"update orders set awaits = 4 where id = $2",
		"update orders set awaits = 0 where id = $2"},
	{"DOUBLE_CHARGE", "sandbox",
		"insert into charges (id, idempotency_key, payment_id, order_id, reference, amount, currency, method, outcome, code) select 'ch_planted', 'planted', payment_id, order_id, reference, amount, currency, method, 1, '' from charges where order_id = $2",
		"delete from charges where id = 'ch_planted'"},
	{"PROVIDER_MISMATCH", "sandbox",
		"update charges set amount = amount + 1 where order_id = $2",
		"update charges set amount = amount - 1 where order_id = $2"},
	{"BALANCE_MISMATCH", "order",
		"update orders set refunded_amount = 1 where id = $2",
		"update orders set refunded_amount = 0 where id = $2"},
	{"TOTAL_MISMATCH", "order",
		"update order_lines set unit_amount = unit_amount + 1 where order_id = $2",
		"update order_lines set unit_amount = unit_amount - 1 where order_id = $2"},
	{"HISTORY_MISMATCH", "order",
		"update order_history set state = 4 where order_id = $2 and state = 3",
		"update order_history set state = 3 where order_id = $2 and state = 4"},
	{"MAIL_MISSING", "notification",
		"update notifications set kind = 4 where order_id = $2",
		"update notifications set kind = 1 where order_id = $2"},
	{"MAIL_NOT_DUE", "notification",
		"update notifications set kind = 2 where order_id = $2",
		"update notifications set kind = 1 where order_id = $2"},
	{"MAIL_DOUBLE", "notification",
		"alter table notifications drop constraint notifications_once; insert into notifications select (jsonb_populate_record(n, jsonb_build_object('id', gen_random_uuid()))).* from notifications n where order_id = $2",
		"delete from notifications where order_id = $2 and id <> (select min(id::text)::uuid from notifications where order_id = $2)"},
	{"MAIL_NOT_SENT", "notification",
		"update notifications set status = 1, send_time = null where order_id = $2",
		"update notifications set status = 2, send_time = now() where order_id = $2"},
	{"MAIL_FAILED", "notification",
		"update notifications set status = 3, cause = 'planted', send_time = null where order_id = $2",
		"update notifications set status = 2, cause = '', send_time = now() where order_id = $2"},
	{"CHARGE_WITHOUT_PAYMENT", "sandbox",
		"insert into charges (id, idempotency_key, payment_id, order_id, reference, amount, currency, method, outcome, code) values ('ch_planted', 'planted', gen_random_uuid(), gen_random_uuid(), 'planted', 1, 'EUR', 'sandbox_ok', 1, '')",
		"delete from charges where id = 'ch_planted'"},
	{"MAIL_WITHOUT_ORDER", "notification",
		"update notifications set order_id = overlay(order_id::text placing '00000000' from 1)::uuid where order_id = $2",
		"update notifications set order_id = $2 where left(order_id::text, 8) = '00000000'"},
	{"PAYMENT_WITHOUT_ORDER", "payment",
		"update payments set order_id = overlay(order_id::text placing '00000000' from 1)::uuid where order_id = $2",
		"update payments set order_id = $2 where left(order_id::text, 8) = '00000000'"},
	{"RESERVATION_WITHOUT_ORDER", "inventory",
		"update reservations set order_id = overlay(order_id::text placing '00000000' from 1)::uuid where order_id = $2",
		"update reservations set order_id = $2 where left(order_id::text, 8) = '00000000'"},
	{"DEAD_LETTERS", "order",
		"insert into dead_letters (consumer_group, topic, partition, record_offset, key, event_id, event_type, version, event_time, value, traceparent, cause) values ('shopmesh.order', 'planted', 0, 0, gen_random_uuid(), '', '', 0, now(), '', '', 'planted')",
		"delete from dead_letters where topic = 'planted'"},
	{"PAYMENT_MISMATCH", "payment",
		"insert into refunds (id, payment_id, order_id, currency, amount, status, reason, requester, provider_refund_id, failure_code, attempt_count, version, traceparent, origin, create_time, update_time) select gen_random_uuid(), id, order_id, currency, 1, 2, 'planted', '', 're_planted', '', 1, 3, '', 1, now(), now() from payments where order_id = $2",
		"delete from refunds where reason = 'planted'"},
	// An event larger than the broker takes stays, and its key with it.
	{"EVENT_NOT_PRODUCED", "order",
		"insert into outbox (topic, key, version, type, source, payload, traceparent, create_time) values ('shopmesh.order.order.v1', gen_random_uuid(), 1, 'planted', '/planted', decode(repeat('00', 1100000), 'hex'), '', now())",
		""},
	{"OUTBOX_STUCK", "order",
		"update outbox set version = 2 where type = 'planted'",
		"delete from outbox where type = 'planted'"},
}

// The audit names each kind of finding that is planted, and none without.
func TestAuditNamesWhatIsPlanted(t *testing.T) {
	t.Parallel()
	s := up(t)
	mug := s.sell(euros(5, 0), 10)
	order := s.reached(s.place(request("sandbox_ok", of(mug.GetCode(), 1))).GetId(), confirmed)
	s.mustAudit()
	// What the tables' own checks refuse needs a hand that removes them.
	for _, at := range [][2]string{{"inventory", "stock"}, {"order", "orders"}, {"notification", "notifications"}} {
		s.run(at[0], fmt.Sprintf(`do $$ declare c text; begin
			for c in select conname from pg_constraint where conrelid = '%s'::regclass and contype = 'c' loop
				execute format('alter table %s drop constraint %%I', c);
			end loop; end $$`, at[1], at[1]))
	}
	for _, p := range planted {
		s.sql(p.database, p.plant, mug.GetCode(), order.GetId())
		eventually(t, func(context.Context) error {
			r, code := s.audit(time.Second)
			for _, f := range r.Findings {
				if f.Kind == p.kind && code == 1 {
					return nil
				}
			}
			return errorf("%s was planted, the audit exited %d with %v", p.kind, code, r.Findings)
		})
		if p.undo != "" {
			s.sql(p.database, p.undo, mug.GetCode(), order.GetId())
		}
	}
}

// sql changes something in a context's database; $1 is a product's code, $2 an order's id.
func (s *oneProcess) sql(database, statement, code, order string) {
	s.t.Helper()
	if s.run(database, strings.NewReplacer("$1", "'"+code+"'", "$2", "'"+order+"'").Replace(statement)) == 0 {
		s.t.Fatalf("%s changed nothing", statement)
	}
}

// run runs statements as the superuser, and returns how many rows they changed.
func (s *oneProcess) run(database, statements string) int64 {
	s.t.Helper()
	ctx := s.t.Context()
	address, err := postgres.AdminURL(filepath.Join(s.data, "postgres"), "shopmesh_"+database)
	if err != nil {
		s.t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	tag, err := conn.Exec(ctx, statements)
	if err != nil {
		s.t.Fatalf("%s: %v", statements, err)
	}
	return tag.RowsAffected()
}
