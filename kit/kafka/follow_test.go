package kafka_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// At the first start of a shop, the broker may not know the topics yet that are being
// created: a follower waits for them, and does not fail.
func TestAFollowerWaitsForTopicsThatAreBeingCreated(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	queried := make(chan struct{})
	once := sync.OnceFunc(func() { close(queried) })
	cluster.ControlKey(int16(kmsg.Metadata), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		for _, topic := range req.(*kmsg.MetadataRequest).Topics {
			if topic.Topic != nil && *topic.Topic == "new" {
				once()
			}
		}
		return nil, nil, false
	})
	broker := kafka.Config{Brokers: cluster.ListenAddrs(), ClientID: "test", Log: testkit.Log(t)}

	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	proven, ended := make(chan struct{}), make(chan error, 1)
	follower := kafka.Follower{
		Kafka: broker, Topics: map[string]string{"new": ""},
		Begin: func() {}, Handle: func(context.Context, []*kgo.Record) {},
		Proven: func(time.Time) {
			select {
			case proven <- struct{}{}:
			case <-ctx.Done():
			}
		},
	}
	go func() { ended <- follower.Run(ctx) }()
	for _, wait := range []chan struct{}{queried, proven} {
		select {
		case <-wait:
		case err := <-ended:
			t.Fatalf("it ended with %v", err)
		case <-ctx.Done():
			t.Fatal("it did not follow the topic")
		}
		if wait == queried {
			if err := kafka.EnsureTopics(ctx, broker, []kafka.Topic{{Name: "new"}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	cancel()
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// A follower that goes back gets what was published a while before it came, and nothing
// that is older.
func TestAFollowerGoesBack(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	if err := kafka.EnsureTopics(t.Context(), broker, []kafka.Topic{{Name: "past", Partitions: 2}}); err != nil {
		t.Fatal(err)
	}
	producer, err := kgo.NewClient(kgo.SeedBrokers(broker.Brokers...)) // ours refuses to send what is old
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(producer.Close)
	for _, made := range []struct {
		value string
		age   time.Duration
	}{{"old", time.Hour}, {"of late", 5 * time.Minute}, {"new", 0}} {
		record := &kgo.Record{Topic: "past", Key: []byte(made.value), Value: []byte(made.value), Timestamp: time.Now().Add(-made.age)}
		if err := producer.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	var values []string // of Handle's goroutine, which Proven's is too
	follower := kafka.Follower{
		Kafka: broker, Topics: map[string]string{"past": ""}, Since: 10 * time.Minute, Begin: func() {},
		Handle: func(_ context.Context, records []*kgo.Record) {
			for _, r := range records {
				values = append(values, string(r.Value))
			}
		},
		Proven: func(time.Time) { cancel() },
	}
	if err := follower.Run(ctx); err != nil {
		t.Fatal(err)
	}
	slices.Sort(values)
	if !slices.Equal(values, []string{"new", "of late"}) {
		t.Errorf("it got %q", values)
	}
}
