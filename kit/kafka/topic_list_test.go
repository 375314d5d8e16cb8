package kafka_test

import (
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A list names each topic with its partitions, its policy, and who writes and reads it.
func TestAListOfTopicsIsRead(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "topics.tsv")
	if err := os.WriteFile(file, []byte("# topic\tpartitions\n\nparcels\t4\tcompact\tdepot\tcourier,customs\nstamps\t1\tdelete\tdepot\t\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	topics, err := kafka.ReadTopicList(file)
	if err != nil || len(topics) != 2 {
		t.Fatalf("%v, %v", topics, err)
	}
	parcels, stamps := topics[0], topics[1]
	if parcels.Topic != (kafka.Topic{Name: "parcels", Partitions: 4, Compacted: true}) || !slices.Equal(parcels.Publishers, []string{"depot"}) || !slices.Equal(parcels.Consumers, []string{"courier", "customs"}) {
		t.Errorf("parcels: %+v", parcels)
	}
	if stamps.Topic != (kafka.Topic{Name: "stamps", Partitions: 1}) || len(stamps.Consumers) != 0 {
		t.Errorf("stamps: %+v", stamps)
	}
}

// A topic that the broker does not know yet is waited for, and then described as it is there.
func TestATopicIsDescribedOnceItIsThere(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	broker.Embedded = false
	log := &testkit.Lines{}
	waiting := broker
	waiting.Log = log.Log()
	var describing sync.WaitGroup
	describing.Go(func() {
		found, err := kafka.DescribeTopics(t.Context(), waiting, "late", "early")
		want := []kafka.FoundTopic{{Name: "late", Partitions: 3, CleanupPolicy: "compact"}, {Name: "early", Partitions: 1, CleanupPolicy: "delete"}}
		if err != nil || !slices.Equal(found, want) {
			t.Errorf("%v, %v, want %v", found, err, want)
		}
	})
	if err := kafka.EnsureTopics(t.Context(), broker, []kafka.Topic{{Name: "early"}}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "it waits", func() bool { return len(log.Warnings()) > 0 })
	if err := kafka.EnsureTopics(t.Context(), broker, []kafka.Topic{{Name: "late", Partitions: 3, Compacted: true}}); err != nil {
		t.Fatal(err)
	}
	describing.Wait()
}
