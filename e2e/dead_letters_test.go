package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// operator types what docs/operations.md has about dead letters and mails.
type operator struct {
	*oneProcess
	tools string
	lines map[string]string // by the RPC's name
}

func (s *oneProcess) operator() *operator {
	s.t.Helper()
	text, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		s.t.Fatal(err)
	}
	o := &operator{oneProcess: s, tools: grpcurl(s.t), lines: map[string]string{}}
	for _, title := range []string{"Dead letters", "Mail"} {
		section := regexp.MustCompile("(?s)\n## " + title + "\n.*?\n## ").FindString(string(text))
		block := regexp.MustCompile("(?s)```sh\n(.*?)```").FindStringSubmatch(section)
		if block == nil {
			s.t.Fatalf("docs/operations.md has no commands under %s", title)
		}
		for line := range strings.Lines(block[1]) {
			name := line[strings.LastIndex(line, "/")+1:]
			if strings.Contains(line, `"selection"`) {
				name = "some"
			}
			o.lines[strings.TrimSpace(name)] = line
		}
	}
	if len(o.lines) != 6 {
		s.t.Fatalf("docs/operations.md has %q", o.lines)
	}
	return o
}

// do types a line of the documentation, with these ids where it names dead letters.
func (o *operator) do(name string, ids ...string) string {
	o.t.Helper()
	quoted := fmt.Sprintf(`"ids":["%s"]`, strings.Join(ids, `","`))
	line := strings.ReplaceAll(o.lines[name], `"ids":["7"]`, quoted)
	if len(ids) == 1 {
		line = strings.ReplaceAll(line, `"id":"7"`, fmt.Sprintf(`"id":%q`, ids[0]))
	}
	return sh(o.t, o.tools, "TOKEN="+o.token+"\n"+strings.ReplaceAll(line, "127.0.0.1:9090", strings.TrimPrefix(o.internal[0], "http://")))
}

// deadLetter is one as grpcurl prints it.
type deadLetter struct{ ID, Context, Topic, Key, EventType, Cause string }

func (o *operator) list() []deadLetter {
	o.t.Helper()
	var printed struct{ DeadLetters []deadLetter }
	if err := json.Unmarshal([]byte(o.do("ListDeadLetters")), &printed); err != nil {
		o.t.Fatal(err)
	}
	return printed.DeadLetters
}

// of are the dead letters of a key, oldest first.
func (o *operator) of(key string) []deadLetter {
	o.t.Helper()
	return slices.DeleteFunc(o.list(), func(l deadLetter) bool { return l.Key != key })
}

// set waits until so many dead letters of a key are set aside: the first with its cause,
// the others waiting behind it.
func (o *operator) set(key, cause string, atLeast int) []deadLetter {
	o.t.Helper()
	var found []deadLetter
	eventually(o.t, func(context.Context) error {
		if found = o.of(key); len(found) < atLeast {
			return errorf("%d dead letters of %s, want %d", len(found), key, atLeast)
		}
		return nil
	})
	for i, l := range found {
		if i == 0 && !strings.Contains(l.Cause, cause) || i > 0 && l.Cause != "" {
			o.t.Errorf("dead letter %d of %s: %+v, want the cause %q at the first alone", i, key, l, cause)
		}
	}
	return found
}

// counts is what a redrive or a discard answered.
func (o *operator) counts(printed string) (redriven, remaining, discarded string) {
	o.t.Helper()
	var c struct{ Redriven, Remaining, Discarded string }
	if err := json.Unmarshal([]byte(printed), &c); err != nil {
		o.t.Fatalf("%v: %s", err, printed)
	}
	return c.Redriven, c.Remaining, c.Discarded
}

// publish has the relay of a context publish a record that no code of ours wrote.
func (s *oneProcess) publish(context, topic, key, kind string, payload []byte) {
	s.t.Helper()
	s.run(context, fmt.Sprintf(`insert into outbox (topic, key, version, type, source, payload, traceparent, create_time)
		values ('%s', '%s', 2, '%s', '/shopmesh/%s', '\x%x', '', now())`, topic, key, kind, context, payload))
}

// An event that can't be applied goes aside with its cause, what follows of its key
// waits behind it, and all else goes on; killing the shop changes nothing of that. The
// operator's commands are those of the documentation, typed into the real grpcurl: what
// could be repaired is applied in order, once, and what could not is discarded, so that
// its key goes on.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	settings := withSettings(t, `{"order": {"retryAfter": "1s"}, "payment": {"sandboxSlowDelay": "6s"}}`)
	s := up(t, "--settings", settings)
	o := s.operator()
	mug := s.sell(euros(5, 0), 100)

	// A forgotten row holds the code of a product that is about to be made.
	code := unique("TAKEN")
	s.run("order", fmt.Sprintf(`insert into products (id, code, name, currency, amount, status, version) values ('%s', '%s', 'Forgotten', 'EUR', 1, 3, 1)`, uuid.New(), code))
	cup, err := s.product.CreateProduct(t.Context(), &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
		Code: code, Name: "Cup", CategoryId: mug.GetCategoryId(), Price: euros(7, 0),
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.adjust(code, 10)
	for _, price := range []int64{8, 9} {
		_, err := s.product.UpdateProduct(t.Context(), &catalogv1.UpdateProductRequest{Product: &catalogv1.Product{Id: cup.GetProduct().GetId(), Price: euros(price, 0)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	// A capture that can't be read comes before the real one, and a record that is no event.
	waits := s.place(request("sandbox_slow", of(mug.GetCode(), 1)))
	const payments = "shopmesh.payment.payment.v1"
	s.publish("payment", payments, waits.GetPaymentId(), "shopmesh.payment.v1.PaymentCaptured", []byte{0xff})
	s.publish("payment", payments, uuid.Nil.String(), "shopmesh.payment.v1.PaymentCaptured", nil)

	check := func(captures int) (poison, foreign deadLetter) {
		t.Helper()
		o.set(cup.GetProduct().GetId(), "products_code_key", 3)
		poison = o.set(waits.GetPaymentId(), "decode event", captures)[0]
		foreign = o.set("", "nil UUID", 1)[0]
		if got := s.reached(waits.GetId(), awaiting); got.GetCaptured().GetUnits() != 0 {
			t.Errorf("the order that waits has captured %v", got.GetCaptured())
		}
		// Everybody else goes on.
		req := request("sandbox_ok", of(mug.GetCode(), 1))
		s.reached(s.place(req).GetId(), confirmed)
		s.oneMail(req.GetContact().GetEmail())
		return poison, foreign
	}
	check(2)
	s.kill()
	s.start("--settings", settings)
	// Order republishes, and what payment answers waits too.
	poison, foreign := check(3)

	if redriven, remaining, _ := o.counts(o.do("RedriveDeadLetters")); redriven != "" && redriven != "0" || remaining == "" {
		t.Errorf("a redrive before the repair applied %q dead letters and left %q", redriven, remaining)
	}
	check(3)

	// The product's cause goes away; its key alone is redriven. The restart had catalog
	// publish its newest state once more, which waits behind the three.
	s.run("order", `delete from products where name = 'Forgotten'`)
	first := o.of(cup.GetProduct().GetId())[0]
	if shown := o.do("GetDeadLetter", first.ID); !strings.Contains(shown, `"name": "Cup"`) {
		t.Errorf("the dead letter does not show its event: %s", shown)
	}
	if redriven, remaining, _ := o.counts(o.do("some", first.ID)); redriven != "3" && redriven != "4" || remaining != "" {
		t.Errorf("the redrive of the product applied %q dead letters and left %q, want all", redriven, remaining)
	}
	if got := s.quote(cup.GetProduct()); !proto.Equal(got, euros(9, 0)) {
		t.Errorf("the product costs %v, want the last price of 9.00", got)
	}
	if left := o.of(cup.GetProduct().GetId()); len(left) != 0 {
		t.Errorf("the product still has %v", left)
	}

	// What nobody can read is discarded, and the real capture behind it applied.
	if _, _, discarded := o.counts(o.do("DiscardDeadLetters", poison.ID, foreign.ID)); discarded != "2" {
		t.Errorf("%q dead letters were discarded, want 2", discarded)
	}
	eventually(t, func(context.Context) error {
		o.do("RedriveDeadLetters")
		if left := o.list(); len(left) != 0 {
			return errorf("left are %v", left)
		}
		return nil
	})
	got := s.reached(waits.GetId(), confirmed)
	var states []orderv1.OrderState
	for _, entry := range got.GetHistory() {
		states = append(states, entry.GetState())
	}
	if !slices.Equal(states, []orderv1.OrderState{placed, awaiting, confirmed}) || !proto.Equal(got.GetCaptured(), got.GetTotal()) {
		t.Errorf("the order went %v and captured %v", states, got.GetCaptured())
	}
	s.oneMail(waits.GetContact().GetEmail())
	if failed := strings.TrimSpace(o.do("ListNotifications")); failed != "{}" {
		t.Errorf("mails that failed: %s", failed)
	}
	s.mustAudit()
}
