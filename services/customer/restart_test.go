package customer_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// After a restart an empty broker gets who was erased in the last day; of nobody
// who was erased before, and of nobody else.
func TestARestartRepublishesErasures(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	people := map[string]uuid.UUID{}
	for _, who := range []string{"old", "kept", "erased"} {
		person := ada()
		person.Email = who + "@example.com"
		people[who] = uuid.MustParse(o.create(t, person).GetId())
	}
	for _, who := range []string{"old", "erased"} {
		if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: people[who].String()}); err != nil {
			t.Fatal(err)
		}
	}
	o.stop()
	o.lose(t)
	if _, err := o.pool.Exec(t.Context(), `update customers set update_time = $2 where id = $1`, people["old"], time.Now().Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}

	o.broker = testkit.Broker(t)
	o = o.again(t, owner())
	o.events = testkit.NewEvents(t, o.broker, topic)
	var erased customerv1.CustomerErased
	if o.events.Next(topic, people["erased"], &erased); erased.GetCustomerId() != people["erased"].String() || erased.GetVersion() != 2 {
		t.Errorf("republished %v", &erased)
	}
	o.drained(t) // of all that was written with it
	for _, who := range []string{"old", "kept"} {
		// An event of the same key comes behind all that was published of this person.
		last := outbox.Event{Topic: topic, Key: people[who], Version: 99, Message: &customerv1.CustomerUpdated{}}
		o.events.Publish(last)
		var updated customerv1.CustomerUpdated
		o.events.Next(topic, people[who], &updated)
		if published := ids(o.events.Received(testkit.Of(topic, people[who]))); len(published) != 1 {
			t.Errorf("published %q of the person who is %s", published[:len(published)-1], who)
		}
	}
}

// lose empties the outbox of a process that has stopped, as if its relay had published
// everything to a broker that is lost. What its republisher wrote at its end would
// otherwise be published by the next process, however old it is.
func (o harness) lose(t *testing.T) {
	t.Helper()
	if _, err := o.pool.Exec(t.Context(), `delete from outbox`); err != nil {
		t.Fatal(err)
	}
}

// drained waits until the outbox is empty.
func (o harness) drained(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, "everything is published", func() bool {
		var waiting int
		err := o.pool.QueryRow(t.Context(), `select count(*) from outbox`).Scan(&waiting)
		return err == nil && waiting == 0
	})
}
