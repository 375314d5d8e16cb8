package kafka_test

import (
	"context"
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

	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
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
