package customer_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// After a restart an empty broker gets who was erased in the last day; of nobody
// who was erased before, and of nobody else.
func TestARestartRepublishesErasures(t *testing.T) {
	t.Parallel()
	o := newHarness(t, owner())
	erase := func(id string) {
		t.Helper()
		if _, err := o.EraseCustomer(t.Context(), &customerv1.EraseCustomerRequest{Id: id}); err != nil {
			t.Fatal(err)
		}
	}
	ids := map[string]string{}
	for _, who := range []string{"old", "kept", "erased"} {
		person := ada()
		person.Email = who + "@example.com"
		ids[who] = o.create(t, person).GetId()
	}
	erase(ids["old"])
	erase(ids["erased"])
	o.drained(t)
	o.stop()
	if _, err := o.pool.Exec(t.Context(), `update customers set update_time = $2 where id = $1`, ids["old"], time.Now().Add(-25*time.Hour)); err != nil {
		t.Fatal(err)
	}

	o.broker = testkit.Broker(t)
	o = o.again(t, owner())
	event := func(who string) string {
		return fmt.Sprintf("%s/2/%s", ids[who], name(&customerv1.CustomerErased{}))
	}
	if published, _ := o.published(t, 1); !slices.Equal(published, []string{event("erased")}) {
		t.Fatalf("published %q", published)
	}
	erase(ids["old"]) // publishes its event again, behind all that was republished
	o.drained(t)
	published, _ := o.published(t, 2)
	slices.Sort(published)
	want := slices.Sorted(slices.Values([]string{event("old"), event("erased")}))
	if n := o.length(t); n != 2 || !slices.Equal(published, want) {
		t.Fatalf("published %q of %d, want %q", published, n, want)
	}
}

// length counts the events of the topic.
func (o harness) length(t *testing.T) (n int64) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(o.broker.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ends, err := kadm.NewClient(client).ListEndOffsets(t.Context(), topic)
	if err != nil || ends.Error() != nil {
		t.Fatal(err, ends.Error())
	}
	ends.Each(func(o kadm.ListedOffset) { n += o.Offset })
	return n
}

// drained waits until the outbox is empty.
func (o harness) drained(t *testing.T) {
	t.Helper()
	testkit.Eventually(t, 20*time.Second, "everything is published", func() bool {
		var waiting int
		err := o.pool.QueryRow(t.Context(), `select count(*) from outbox`).Scan(&waiting)
		return err == nil && waiting == 0
	})
}
