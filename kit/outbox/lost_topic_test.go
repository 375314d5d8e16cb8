package outbox_test

import (
	"testing"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A topic that vanishes, or vanishes and is created again, takes the next events without
// a restart; no key stops for it.
func TestALostTopicIsWrittenAgain(t *testing.T) {
	t.Parallel()
	for name, recreate := range map[string]bool{"deleted": false, "deleted and created again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			broker := testkit.Broker(t)
			broker.Link = kafka.NewLink(testkit.Log(t))
			topics(t, broker)
			pool := testkit.Database(t, migrations())
			relay, _ := run(t, pool, broker, outbox.Config{SoleWriter: true, Link: broker.Link})
			publish(t, pool, relay.Wake, uuid.New(), 1, 3)
			published := func() bool {
				n, _, err := outbox.Waiting(t.Context(), pool, outbox.All)
				return err == nil && n == 0
			}
			testkit.Eventually(t, "the first events are published", published)

			client, err := kgo.NewClient(kgo.SeedBrokers(broker.Brokers...), kgo.Dialer(broker.Dial))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			admin := kadm.NewClient(client)
			if deleted, err := admin.DeleteTopics(t.Context(), topic); err != nil || deleted.Error() != nil {
				t.Fatal(err, deleted.Error())
			}
			if recreate {
				topics(t, broker)
			}
			publish(t, pool, relay.Wake, uuid.New(), 1, 3)
			testkit.Eventually(t, "the next events are published", published)
			if stopped := relay.Stopped(); len(stopped) > 0 {
				t.Errorf("stopped: %+v", stopped)
			}
			testkit.Eventually(t, "nothing is wrong any more", func() bool { return len(relay.Conditions(0)) == 0 })
			ends, err := admin.ListEndOffsets(t.Context(), topic)
			if err != nil {
				t.Fatal(err)
			}
			var records int64
			ends.Each(func(o kadm.ListedOffset) { records += o.Offset })
			if records != 3 {
				t.Errorf("the new topic holds %d events, want 3", records)
			}
		})
	}
}
