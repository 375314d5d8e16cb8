package consumer_test

import (
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A topic that vanishes, or vanishes and is created again, is read from its start, without
// a restart and without an event being skipped.
func TestALostTopicIsReadAgain(t *testing.T) {
	t.Parallel()
	for name, recreate := range map[string]bool{"deleted": false, "deleted and created again": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, 1)
			s.broker.Link = kafka.NewLink(testkit.Log(t))
			topics := []kafka.Topic{{Name: topic, Partitions: 1}}
			if err := kafka.EnsureTopics(t.Context(), s.broker, topics); err != nil {
				t.Fatal(err)
			}
			c := s.consumer(t)
			start(t, c)
			old := things(3)
			s.versions(t, old, 1, 1)
			s.expect(t, old, 1)

			admin := kadm.NewClient(s.produce)
			before, err := admin.ListTopics(t.Context(), topic)
			if err != nil {
				t.Fatal(err)
			}
			if deleted, err := admin.DeleteTopics(t.Context(), topic); err != nil || deleted.Error() != nil {
				t.Fatal(err, deleted.Error())
			}
			if recreate {
				if err := kafka.EnsureTopics(t.Context(), s.broker, topics); err != nil {
					t.Fatal(err)
				}
			}
			testkit.Eventually(t, "the new topic is there", func() bool {
				found, err := admin.ListTopics(t.Context(), topic)
				return err == nil && found[topic].Err == nil && found[topic].ID != before[topic].ID
			})
			s.produce.PurgeTopicsFromClient(topic)
			fresh := things(5) // more than before: none may be skipped
			s.versions(t, fresh, 1, 1)
			s.expect(t, fresh, 1)
			testkit.Eventually(t, "nothing is wrong any more", func() bool { return len(c.Conditions(0)) == 0 })
		})
	}
}
