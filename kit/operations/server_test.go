package operations_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectinprocess"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/operations"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// harness is a context with a real database and two consumers, whose audit states
// nothing but its name.
type harness struct{ operations.Base }

func (h harness) Audit(_ context.Context, emit func(*operationsv1.AuditRecord) error) error {
	return emit(&operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Pending{
		Pending: &operationsv1.Pending{Kind: "OUTBOX", Context: h.Name()}}})
}

func newHarness(t *testing.T, name string) (harness, *pg.Pool) {
	t.Helper()
	pool := testkit.Database(t, fstest.MapFS{"00001_harness.sql": {Data: []byte("-- +goose Up\ncreate table harness (id int);")}})
	consume := func(group string) *consumer.Consumer {
		return consumer.New(group, pool, consumer.Config{Kafka: testkit.Broker(t), Topics: []string{"t"}, Log: testkit.Log(t)},
			func(context.Context, *pg.Tx, []consumer.Event) error { return errors.New("still broken") })
	}
	relay := outbox.NewRelay(name, pool, nil, outbox.Config{Log: testkit.Log(t)})
	return harness{operations.NewBase(name, pool, relay, consume(name+".a"), consume(name+".b"))}, pool
}

// quarantine sets a dead letter aside as a consumer would.
func quarantine(t *testing.T, pool *pg.Pool, group string, offset int64) {
	t.Helper()
	_, err := pool.Exec(t.Context(), `
		insert into dead_letters (consumer_group, topic, partition, record_offset, key, event_id, event_type, version, event_time, value, traceparent, cause)
		values ($1, 't', 0, $2, $3, $4, 'shopmesh.test.v1.Happened', 1, now(), 'abc', '', 'it broke')`,
		group, offset, uuid.New(), fmt.Sprintf("e%d", offset))
	if err != nil {
		t.Fatal(err)
	}
}

func client(t *testing.T, contexts ...operations.Context) operationsv1connect.OperationsServiceClient {
	t.Helper()
	return clientThatLogs(t, testkit.Log(t), contexts...)
}

func clientThatLogs(t *testing.T, log *slog.Logger, contexts ...operations.Context) operationsv1connect.OperationsServiceClient {
	t.Helper()
	server, err := rpc.NewServer(rpc.Config{Authenticator: testkit.Everyone(testkit.Owner())})
	if err != nil {
		t.Fatal(err)
	}
	operations.NewServer(log, contexts...).Register(server)
	return operationsv1connect.NewOperationsServiceClient(connect.NewClient(connectinprocess.New(server)))
}

// Dead letters of all contexts and consumers are listed page by page, each once.
func TestDeadLettersArePaged(t *testing.T) {
	t.Parallel()
	order, orderPool := newHarness(t, "order")
	payment, paymentPool := newHarness(t, "payment")
	for offset := range int64(3) {
		quarantine(t, orderPool, "order.a", offset)
		quarantine(t, orderPool, "order.b", offset)
		quarantine(t, paymentPool, "payment.a", offset)
	}
	calls := client(t, payment, order)
	var seen []string
	token := ""
	for pages := 0; ; pages++ {
		page, err := calls.ListDeadLetters(t.Context(), &operationsv1.ListDeadLettersRequest{PageSize: 2, PageToken: token})
		if err != nil || pages > 10 {
			t.Fatalf("page %d: %v", pages, err)
		}
		for _, deadLetter := range page.GetDeadLetters() {
			seen = append(seen, fmt.Sprintf("%s %s %d", deadLetter.GetContext(), deadLetter.GetGroup(), deadLetter.GetOffset()))
			if deadLetter.GetCause() != "it broke" || deadLetter.GetValueSize() != 3 || deadLetter.GetEventType() != "shopmesh.test.v1.Happened" || deadLetter.GetKey() == "" {
				t.Errorf("dead letter %v", deadLetter)
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(seen) != 9 || len(slices.Compact(slices.Sorted(slices.Values(seen)))) != 9 || seen[0] != "order order.a 0" || seen[8] != "payment payment.a 2" {
		t.Errorf("seen %q", seen)
	}
	one, err := calls.ListDeadLetters(t.Context(), &operationsv1.ListDeadLettersRequest{Context: "payment"})
	if err != nil || len(one.GetDeadLetters()) != 3 || one.GetNextPageToken() != "" {
		t.Errorf("payment's: %v, %v", one, err)
	}
	for _, forged := range []string{"!", "b3JkZXI", "b3JkZXIvLTE"} {
		_, err := calls.ListDeadLetters(t.Context(), &operationsv1.ListDeadLettersRequest{PageToken: forged})
		testkit.Refused(t, err, connect.CodeInvalidArgument, string(fault.ReasonPageTokenInvalid), "page_token")
	}
}

// Dead letters are dropped by id, in the context that numbered them.
func TestDeadLettersAreDiscardedAndRedriven(t *testing.T) {
	t.Parallel()
	order, pool := newHarness(t, "order")
	quarantine(t, pool, "order.a", 1)
	quarantine(t, pool, "order.b", 2)
	calls := client(t, order)
	list, err := calls.ListDeadLetters(t.Context(), &operationsv1.ListDeadLettersRequest{})
	if err != nil || len(list.GetDeadLetters()) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	redriven, err := calls.RedriveDeadLetters(t.Context(), &operationsv1.RedriveDeadLettersRequest{})
	if err != nil || redriven.GetRedriven() != 0 || redriven.GetRemaining() != 2 {
		t.Errorf("redrive: %v, %v", redriven, err)
	}
	second := list.GetDeadLetters()[1].GetId()
	discarded, err := calls.DiscardDeadLetters(t.Context(), &operationsv1.DiscardDeadLettersRequest{Context: "order", Ids: []int64{second}})
	if err != nil || discarded.GetDiscarded() != 1 {
		t.Errorf("discard: %v, %v", discarded, err)
	}
	_, err = calls.DiscardDeadLetters(t.Context(), &operationsv1.DiscardDeadLettersRequest{Context: "order", Ids: []int64{second}})
	testkit.Refused(t, err, connect.CodeNotFound, string(fault.ReasonDeadLetterNotFound))
	_, err = calls.RedriveDeadLetters(t.Context(), &operationsv1.RedriveDeadLettersRequest{Selection: &operationsv1.DeadLetterSelection{Ids: []int64{1}}})
	testkit.Refused(t, err, connect.CodeInvalidArgument, string(fault.ReasonInvalidField), "context")
	_, err = calls.GetStatus(t.Context(), &operationsv1.GetStatusRequest{Context: "nobody"})
	testkit.Refused(t, err, connect.CodeNotFound, string(fault.ReasonContextNotFound))
}

// The status counts what waits, and has the cause when a context is not ready.
func TestStatus(t *testing.T) {
	t.Parallel()
	order, pool := newHarness(t, "order")
	quarantine(t, pool, "order.a", 1)
	_, err := pool.Exec(t.Context(), `
		insert into outbox (topic, key, version, type, source, payload, traceparent, create_time)
		values ('t', $1, 1, 'x', '/shopmesh/order', '', '', now() - interval '1 hour')`, uuid.New())
	if err != nil {
		t.Fatal(err)
	}
	down, downPool := newHarness(t, "payment")
	downPool.Close()
	res, err := client(t, order, down).GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
	if err != nil || len(res.GetContexts()) != 2 {
		t.Fatalf("%v, %v", res, err)
	}
	up, away := res.GetContexts()[0], res.GetContexts()[1]
	if !up.GetReady() || up.GetDeadLetters() != 1 || up.GetOutboxPending() != 1 || up.GetSchemaVersion() != 1 ||
		time.Since(up.GetOutboxOldestTime().AsTime()) < 50*time.Minute {
		t.Errorf("order: %v", up)
	}
	if away.GetReady() || away.GetCause() == "" || away.GetContext() != "payment" {
		t.Errorf("payment: %v", away)
	}
}

// An audit states the contexts one after another, each record with its context.
func TestAuditJoinsTheContexts(t *testing.T) {
	t.Parallel()
	order, _ := newHarness(t, "order")
	payment, _ := newHarness(t, "payment")
	stream, err := client(t, payment, order).Audit(t.Context(), &operationsv1.AuditRequest{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	for _, want := range []string{"order", "payment"} {
		record, err := stream.Receive()
		if err != nil || record.GetContext() != want || record.GetRecord().GetPending().GetContext() != want {
			t.Errorf("got %v, %v; want %s", record, err, want)
		}
	}
}

// An operator sees the event of a dead letter as JSON, whichever consumer set it aside;
// one that can't be read is shown as it came, with the reason.
func TestADeadLetterShowsItsEvent(t *testing.T) {
	t.Parallel()
	order, pool := newHarness(t, "order")
	calls := client(t, order)
	payload, err := proto.Marshal(&operationsv1.Finding{Kind: "DOUBLE_CHARGE", Subject: "an order"})
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		eventType  string
		value      []byte
		event      map[string]any
		unreadable string
	}{
		"known":     {"shopmesh.operations.v1.Finding", payload, map[string]any{"kind": "DOUBLE_CHARGE", "subject": "an order"}, ""},
		"unknown":   {"shopmesh.test.v1.Happened", []byte("abc"), nil, `the event's type "shopmesh.test.v1.Happened" is not known to this program`},
		"malformed": {"shopmesh.operations.v1.Finding", []byte("abc"), nil, "its value is no shopmesh.operations.v1.Finding: "},
	} {
		t.Run(name, func(t *testing.T) {
			var id int64
			err := pool.QueryRow(t.Context(), `
				insert into dead_letters (consumer_group, topic, partition, record_offset, key, event_id, event_type, version, event_time, value, traceparent, cause)
				values ('order.b', $1, 0, 1, gen_random_uuid(), 'e', $2, 1, now(), $3, '', 'it broke') returning id`, name, row.eventType, row.value).Scan(&id)
			if err != nil {
				t.Fatal(err)
			}
			res, err := calls.GetDeadLetter(t.Context(), &operationsv1.GetDeadLetterRequest{Context: "order", Id: id})
			if err != nil {
				t.Fatal(err)
			}
			if res.GetDeadLetter().GetId() != id || res.GetDeadLetter().GetCause() != "it broke" || !bytes.Equal(res.GetValue(), row.value) {
				t.Errorf("got %v", res)
			}
			if got := res.GetEvent().AsMap(); !maps.Equal(got, row.event) {
				t.Errorf("event %v, want %v", got, row.event)
			}
			if got := res.GetUnreadable(); !strings.HasPrefix(got, row.unreadable) || (got == "") != (row.unreadable == "") {
				t.Errorf("unreadable: %q, want %q", got, row.unreadable)
			}
		})
	}
	_, err = calls.GetDeadLetter(t.Context(), &operationsv1.GetDeadLetterRequest{Context: "order", Id: 99})
	testkit.Refused(t, err, connect.CodeNotFound, string(fault.ReasonDeadLetterNotFound))
}

// Who redrives or discards dead letters, and which, is in the log.
func TestRedrivesAndDiscardsAreLogged(t *testing.T) {
	t.Parallel()
	order, pool := newHarness(t, "order")
	quarantine(t, pool, "order.a", 1)
	var log strings.Builder
	calls := clientThatLogs(t, slog.New(slog.NewTextHandler(&log, nil)), order)
	var id int64
	if err := pool.QueryRow(t.Context(), "select id from dead_letters").Scan(&id); err != nil {
		t.Fatal(err)
	}
	if _, err := calls.RedriveDeadLetters(t.Context(), &operationsv1.RedriveDeadLettersRequest{Context: "order"}); err != nil {
		t.Fatal(err)
	}
	if _, err := calls.DiscardDeadLetters(t.Context(), &operationsv1.DiscardDeadLettersRequest{Context: "order", Ids: []int64{id}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`msg="dead letters were redriven" by=owner`, `of=order ids=[] redriven=0 remaining=1`,
		`msg="a dead letter was discarded" by=owner`, `of=order id=1 event=e1 type=shopmesh.test.v1.Happened topic=t key=`, `cause="still broken"`,
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, log.String())
		}
	}
}
