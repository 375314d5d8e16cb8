package kafka_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// setting reads a topic's configuration.
func setting(t *testing.T, admin *kadm.Client, topic, name string) string {
	t.Helper()
	all, err := admin.DescribeTopicConfigs(t.Context(), topic)
	if err != nil {
		t.Fatal(err)
	}
	one, err := all.On(topic, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range one.Configs {
		if c.Key == name && c.Value != nil {
			return *c.Value
		}
	}
	return ""
}

// Topics are created as they are described; those that exist stay as they are, but
// for a retention that is named; the embedded broker's keep everything.
func TestTopicsAreEnsured(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	elsewhere := broker
	elsewhere.Embedded = false
	ensure := func(cfg kafka.Config, topics ...kafka.Topic) {
		t.Helper()
		if err := kafka.EnsureTopics(t.Context(), cfg, topics); err != nil {
			t.Fatal(err)
		}
	}
	ensure(broker, kafka.Topic{Name: "embedded"})
	ensure(elsewhere, kafka.Topic{Name: "plain", Partitions: 4, Retention: time.Hour}, kafka.Topic{Name: "state", Compacted: true})
	ensure(elsewhere, kafka.Topic{Name: "plain", Partitions: 9})
	for _, retention := range []time.Duration{2 * time.Hour, 3 * time.Hour, 3 * time.Hour} {
		ensure(elsewhere, kafka.Topic{Name: "set.later", Retention: retention})
	}
	ensure(broker, kafka.Topic{Name: "embedded", Retention: time.Hour})

	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	for _, want := range [][3]string{
		{"embedded", "retention.ms", "-1"}, {"plain", "retention.ms", "3600000"}, {"plain", "cleanup.policy", "delete"}, {"set.later", "retention.ms", "10800000"}, {"set.later", "cleanup.policy", "delete"}, {"state", "cleanup.policy", "compact"},
	} {
		if got := setting(t, admin, want[0], want[1]); got != want[2] {
			t.Errorf("%s of %s is %q, want %q", want[1], want[0], got, want[2])
		}
	}
	topics, err := admin.ListTopics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if n, m := len(topics["plain"].Partitions), len(topics["embedded"].Partitions); n != 4 || m != 1 {
		t.Errorf("%d and %d partitions, want 4 and 1", n, m)
	}
}

// A topic that another process has created a moment ago exists for the controller, and not
// yet for the broker that is asked for its retention: that is waited for, also where
// topics are created again.
func TestATopicThatWasJustCreatedGetsItsRetention(t *testing.T) {
	t.Parallel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "new"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	var asked atomic.Int32
	cluster.ControlKey(int16(kmsg.DescribeConfigs), func(req kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if asked.Add(1)%4 == 0 {
			return nil, nil, false
		}
		request := req.(*kmsg.DescribeConfigsRequest)
		response := request.ResponseKind().(*kmsg.DescribeConfigsResponse)
		resource := kmsg.NewDescribeConfigsResponseResource()
		resource.ResourceType, resource.ResourceName = request.Resources[0].ResourceType, request.Resources[0].ResourceName
		resource.ErrorCode = kerr.UnknownTopicOrPartition.Code
		response.Resources = append(response.Resources, resource)
		return response, nil, true
	})
	broker := kafka.Config{Brokers: cluster.ListenAddrs(), ClientID: "test", Log: testkit.Log(t), Link: kafka.NewLink(testkit.Log(t))}
	if err := kafka.EnsureTopics(t.Context(), broker, []kafka.Topic{{Name: "new", Retention: time.Hour}}); err != nil {
		t.Fatal(err)
	}
	if err := broker.Link.Restore(t.Context()); err != nil {
		t.Error(err)
	}
	if n := asked.Load(); n != 8 {
		t.Errorf("the broker was asked %d times, want 8", n)
	}
}

// A broker that is away is waited for, until it comes or the context ends.
func TestBrokerIsWaitedFor(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	var gate testkit.Gate
	gate.Shut()
	gated := gate.Behind(broker)
	late, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := kafka.EnsureTopics(late, gated, []kafka.Topic{{Name: "a"}}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	var waiting sync.WaitGroup
	waiting.Go(func() {
		if err := kafka.EnsureTopics(t.Context(), gated, []kafka.Topic{{Name: "a"}}); err != nil {
			t.Error(err)
		}
	})
	gate.Open()
	waiting.Wait()
}
