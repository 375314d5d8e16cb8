package notification_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/google/uuid"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func (s *harness) audit() []*operationsv1.AuditRecord {
	s.t.Helper()
	stream, err := s.operations.Audit(s.t.Context(), &operationsv1.AuditRequest{Context: "notification"})
	if err != nil {
		s.t.Fatal(err)
	}
	var records []*operationsv1.AuditRecord
	for {
		res, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			return records
		}
		if err != nil {
			s.t.Fatal(err)
		}
		records = append(records, res.GetRecord())
	}
}

func TestTheAuditStatesEveryMailByOrder(t *testing.T) {
	t.Parallel()
	_, with := scripted(t, smtptestOnce("RCPT", "550 5.1.1 unknown"))
	s := newHarness(t, with)
	first := newOrder()
	s.publish(first.confirmed())
	s.waitStatus(first, failed)
	want := map[string]int{first.id.String(): 1}
	for range 3 {
		o := newOrder()
		s.publish(o.shipped(uuid.Must(uuid.NewV7())), o.confirmed())
		s.waitEvents(o, 2)
		want[o.id.String()] = 2
	}
	var last []byte
	for _, r := range s.audit() {
		m := r.GetMail()
		if m == nil {
			if r.GetFinding() != nil {
				t.Errorf("found %v", r)
			}
			continue
		}
		id := uuid.MustParse(m.GetOrderId())
		if bytes.Compare(last, id[:]) > 0 {
			t.Errorf("order %s comes too late", id)
		}
		last = id[:]
		want[m.GetOrderId()]--
		if failed := m.GetOrderId() == first.id.String(); (m.GetStatus() == "FAILED") != failed || !failed && m.GetStatus() != "SENT" {
			t.Errorf("stated %v", m)
		}
	}
	for id, n := range want {
		if n != 0 {
			t.Errorf("order %s: %d mails too few", id, n)
		}
	}
}

// Here a trigger keeps the sender from taking a mail that is due.
func TestTheAuditFindsMailsThatNobodySends(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	s.waitStatus(o, sent)
	_, err := s.pool.Exec(t.Context(), "update notifications set status = 1, end_time = null, due_time = now() + interval '1 hour'")
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.pool.Exec(t.Context(), `create function stop() returns trigger language plpgsql as $$ begin
			if new.due_time > now() then return null; end if; -- no lease is given
			return new;
		end $$;
		create trigger stop before update on notifications for each row execute function stop()`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.pool.Exec(t.Context(), "update notifications set due_time = now() - interval '1 hour'"); err != nil {
		t.Fatal(err)
	}
	var found, waits bool
	for _, r := range s.audit() {
		found = found || r.GetFinding().GetKind() == "MAIL_OVERDUE" && r.GetFinding().GetContext() == "notification"
		waits = waits || r.GetPending().GetKind() == "MAIL" && r.GetPending().GetCount() == 1
	}
	if !found || !waits {
		t.Errorf("found: %v, pending: %v", found, waits)
	}
}

func TestAnEventThatCantBeReadIsSetAsideAndOthersGoOn(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	broken := map[string]outbox.Event{}
	noNumber := newOrder()
	noNumber.notice.Number = ""
	broken["no number"] = noNumber.confirmed()
	wrongKey := newOrder()
	wrongKey.notice.OrderId = uuid.NewString()
	broken["another order's id"] = wrongKey.confirmed()
	wrongMoney := newOrder()
	wrongMoney.notice.Total.CurrencyCode = "XXY"
	broken["an unknown currency"] = wrongMoney.cancelled(orderv1.CancelReason_CANCEL_REASON_EXPIRED, "")
	noRefund := newOrder()
	e := noRefund.refunded(uuid.Nil, eur(1), eur(1))
	broken["no refund"] = e
	badCustomer := newOrder()
	badCustomer.notice.CustomerId = "42"
	broken["a customer that is none"] = badCustomer.confirmed()

	good := newOrder()
	all := []outbox.Event{good.confirmed()}
	for _, event := range broken {
		all = append(all, event)
	}
	s.publish(all...)
	s.waitStatus(good, sent)
	testkit.Eventually(t, "the others are set aside", func() bool {
		res, err := s.operations.ListDeadLetters(t.Context(), &operationsv1.ListDeadLettersRequest{Context: "notification"})
		return err == nil && len(res.GetDeadLetters()) == len(broken)
	})
}
