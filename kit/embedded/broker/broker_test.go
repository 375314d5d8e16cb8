package broker

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func TestMain(m *testing.M) {
	embeddedtest.Main(m, map[string]embeddedtest.Part{"consume and trim": consumeAndTrim, "produce": produceForEver})
}

const (
	testTopic      = "shopmesh.test.thing.v1"
	testGroup      = "consumer"
	testPartitions = 2
)

func start(t *testing.T, dir string, interval time.Duration) *Broker {
	t.Helper()
	b, err := Start(t.Context(), Config{Dir: dir, TrimInterval: interval, Logger: embeddedtest.Log(t)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() }) // a test that closed it itself has seen the error
	return b
}

func newClientOf(t *testing.T, b *Broker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := newClient(b, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func newClient(b *Broker, opts ...kgo.Opt) (*kgo.Client, error) {
	return kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(b.Addrs()...), kgo.Dialer(b.Dial)}, opts...)...)
}

func consumer(topic string) []kgo.Opt {
	return []kgo.Opt{
		kgo.ConsumerGroup(testGroup), kgo.ConsumeTopics(topic), kgo.DisableAutoCommit(),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.SessionTimeout(6 * time.Second), kgo.FetchMaxWait(50 * time.Millisecond),
	}
}

func createTopic(t *testing.T, b *Broker, topic string, configs map[string]string) {
	t.Helper()
	if err := b.cluster.CreateTopic(topic, testPartitions, configs); err != nil {
		t.Fatal(err)
	}
}

// produceNumbered sends n records that hold prefix and a number, spread over the partitions.
func produceNumbered(ctx context.Context, client *kgo.Client, prefix string, n int) error {
	records := make([]*kgo.Record, n)
	for i := range records {
		records[i] = &kgo.Record{Topic: testTopic, Key: fmt.Append(nil, i), Value: fmt.Appendf(nil, "%s-%d", prefix, i)}
	}
	return client.ProduceSync(ctx, records...).FirstErr()
}

// consume reads until it has seen n records whose value begins with prefix, commits, and returns all it saw.
func consume(ctx context.Context, client *kgo.Client, prefix string, n int) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, testkit.Patience)
	defer cancel()
	var seen []string
	for matching := 0; matching < n; {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err0(); err != nil {
			return nil, fmt.Errorf("after %d of %d records: %w", matching, n, err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			seen = append(seen, string(record.Value))
			if strings.HasPrefix(string(record.Value), prefix) {
				matching++
			}
		})
	}
	return seen, client.CommitUncommittedOffsets(ctx)
}

// When everything was consumed and trimmed and the process was killed, every new event
// still arrives: a broker that began at offset 0 again would skip the records up to the
// group's commit.
func TestBrokerSkipsNoEventAfterTrimAndKill(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	for round := range 3 {
		process := embeddedtest.Start(t, "consume and trim", dir)
		if got := process.Read(t, 1)[0]; got != "trimmed" {
			t.Fatalf("round %d: the process printed %q", round, got)
		}
		process.Kill(t)
	}
	data := embeddedtest.OpenDataDir(t, dir)
	b := start(t, data.Broker(), time.Hour)
	if err := produceNumbered(t.Context(), newClientOf(t, b), "new", 60); err != nil {
		t.Fatal(err)
	}
	seen, err := consume(t.Context(), newClientOf(t, b, consumer(testTopic)...), "new", 60)
	if err != nil {
		t.Fatal(err)
	}
	if len(seen) != 60 {
		t.Errorf("%d records arrived, want the 60 new ones only", len(seen))
	}
}

// consumeAndTrim is a process's part: it fills the topic, consumes it whole and trims.
func consumeAndTrim(ctx context.Context, dir string) error {
	data, err := datadir.Open(dir)
	if err != nil {
		return err
	}
	defer data.Close()
	b, err := Start(ctx, Config{Dir: data.Broker(), TrimInterval: time.Hour})
	if err != nil {
		return err
	}
	if b.cluster.TopicInfo(testTopic) == nil {
		if err := b.cluster.CreateTopic(testTopic, testPartitions, nil); err != nil {
			return err
		}
	}
	client, err := newClient(b, consumer(testTopic)...)
	if err != nil {
		return err
	}
	prefix := fmt.Sprint("old-", os.Getpid())
	if err := produceNumbered(ctx, client, prefix, 50); err != nil {
		return err
	}
	if _, err := consume(ctx, client, prefix, 50); err != nil {
		return err
	}
	if err := b.trim(ctx); err != nil {
		return err
	}
	for _, partition := range b.cluster.PartitionInfos(testTopic) {
		if partition.LogStartOffset != partition.HighWatermark-1 {
			return fmt.Errorf("partition %d keeps %d to %d, want its last record only",
				partition.Partition, partition.LogStartOffset, partition.HighWatermark)
		}
	}
	fmt.Println("trimmed")
	select {} // until it is killed
}

// When the files of a topic are lost and its groups' commits are not, the groups are set
// back and consume every new event.
func TestBrokerRewindsCommitsBeyondTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := start(t, dir, time.Hour)
	createTopic(t, b, testTopic, nil)
	client := newClientOf(t, b, consumer(testTopic)...)
	if err := produceNumbered(t.Context(), client, "old", 50); err != nil {
		t.Fatal(err)
	}
	if _, err := consume(t.Context(), client, "old", 50); err != nil {
		t.Fatal(err)
	}
	client.Close()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	for partition := range testPartitions {
		folder := filepath.Join(dir, "data", "partitions", fmt.Sprintf("%s-%d", testTopic, partition))
		if _, err := os.Stat(folder); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(folder); err != nil {
			t.Fatal(err)
		}
	}

	b = start(t, dir, time.Hour)
	if err := produceNumbered(t.Context(), newClientOf(t, b), "new", 60); err != nil {
		t.Fatal(err)
	}
	if _, err := consume(t.Context(), newClientOf(t, b, consumer(testTopic)...), "new", 60); err != nil {
		t.Fatal(err)
	}
}

// What was acknowledged before a kill is there after it.
func TestBrokerLosesNothingWhenKilled(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "shop")
	var acknowledged []string
	for range 3 {
		process := embeddedtest.Start(t, "produce", dir)
		acknowledged = append(acknowledged, process.Read(t, 100)...)
		acknowledged = append(acknowledged, process.Kill(t)...)
	}
	data := embeddedtest.OpenDataDir(t, dir)
	b := start(t, data.Broker(), time.Hour)
	seen, err := consume(t.Context(), newClientOf(t, b, consumer(testTopic)...), "", len(acknowledged))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(seen)
	for _, value := range acknowledged {
		if _, found := slices.BinarySearch(seen, value); !found {
			t.Errorf("%s was acknowledged and is lost", value)
		}
	}
}

// produceForEver is a process's part: it prints each value after the broker acknowledged it.
func produceForEver(ctx context.Context, dir string) error {
	data, err := datadir.Open(dir)
	if err != nil {
		return err
	}
	defer data.Close()
	b, err := Start(ctx, Config{Dir: data.Broker()})
	if err != nil {
		return err
	}
	if b.cluster.TopicInfo(testTopic) == nil {
		if err := b.cluster.CreateTopic(testTopic, testPartitions, nil); err != nil {
			return err
		}
	}
	client, err := newClient(b)
	if err != nil {
		return err
	}
	for i := 0; ; i++ {
		value := fmt.Sprintf("%d-%d", os.Getpid(), i)
		record := &kgo.Record{Topic: testTopic, Key: []byte(value), Value: []byte(value)}
		if err := client.ProduceSync(ctx, record).FirstErr(); err != nil {
			return err
		}
		fmt.Println(value)
	}
}

// A group that falls behind, or that has not committed yet, keeps events from being
// removed; a topic that no group consumes is left alone.
func TestTrimTarget(t *testing.T) {
	t.Parallel()
	partition := &kfake.PartitionInfo{Partition: 0, LogStartOffset: 10, HighWatermark: 100}
	committed := func(offset int64) *kfake.GroupInfo {
		return &kfake.GroupInfo{Commits: map[string]map[int32]kfake.GroupCommit{testTopic: {0: {Offset: offset}}}}
	}
	elsewhere := &kfake.GroupInfo{Commits: map[string]map[int32]kfake.GroupCommit{testTopic: {1: {Offset: 5}}}}
	stranger := &kfake.GroupInfo{Commits: map[string]map[int32]kfake.GroupCommit{"another.topic": {0: {Offset: 5}}}}
	newcomer := &kfake.GroupInfo{Members: []kfake.GroupMember{{SubscribedTopics: []string{testTopic}}}}
	tests := map[string]struct {
		groups []*kfake.GroupInfo
		to     int64
		ok     bool
	}{
		"no group consumes":                 {nil, 0, false},
		"all consumed, the last stays":      {[]*kfake.GroupInfo{committed(100)}, 99, true},
		"the slowest decides":               {[]*kfake.GroupInfo{committed(100), committed(40), stranger}, 39, true},
		"a commit beyond the end":           {[]*kfake.GroupInfo{committed(500)}, 99, true},
		"nothing new":                       {[]*kfake.GroupInfo{committed(11)}, 0, false},
		"a newcomer has not committed":      {[]*kfake.GroupInfo{committed(100), newcomer}, 0, false},
		"a group that is here only by half": {[]*kfake.GroupInfo{committed(100), elsewhere}, 0, false},
		"consumes another topic":            {[]*kfake.GroupInfo{stranger}, 0, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to, ok := trimTarget(testTopic, partition, test.groups)
			if ok != test.ok || ok && to != test.to {
				t.Errorf("trim to %d (%t), want %d (%t)", to, ok, test.to, test.ok)
			}
		})
	}
}

// The log does not grow with the events that went through it.
func TestBrokerDiskStaysBounded(t *testing.T) {
	t.Parallel()
	passEvents(t, 50_000)
}

// passEvents sends events of 300 bytes through the broker while a group follows, and looks at the disk.
func passEvents(t *testing.T, events int) {
	t.Helper()
	const (
		batch = 1000
		bound = 8 << 20 // two partitions of a full segment and one that fills, and a margin
	)
	dir := t.TempDir()
	b := start(t, dir, 50*time.Millisecond)
	createTopic(t, b, testTopic, nil)
	client := newClientOf(t, b, append(consumer(testTopic), kgo.ProducerBatchCompression(kgo.NoCompression()))...)
	noise := rand.NewChaCha8([32]byte{})
	for sent := 0; sent < events; sent += batch {
		records := make([]*kgo.Record, batch)
		for i := range records {
			value := make([]byte, 300)
			_, _ = noise.Read(value) // never fails
			records[i] = &kgo.Record{Topic: testTopic, Key: value[:8], Value: value}
		}
		if err := client.ProduceSync(t.Context(), records...).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if _, err := consume(t.Context(), client, "", batch); err != nil {
			t.Fatal(err)
		}
		embeddedtest.Eventually(t, "the log is trimmed while events come", func() bool { return diskUse(t, dir) <= bound })
	}
	embeddedtest.Eventually(t, "the log shrinks to its last segments", func() bool {
		return diskUse(t, dir) < 2*testPartitions*segmentBytes
	})
}

// diskUse adds up the files; one that is removed meanwhile counts nothing.
func diskUse(t *testing.T, dir string) int64 {
	t.Helper()
	var sum int64
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // the file was removed meanwhile
		}
		if info, err := entry.Info(); err == nil {
			sum += info.Size()
		}
		return nil
	})
	return sum
}

// A compacted topic keeps each key's last event, also when all was consumed.
func TestBrokerCompactsWholeStateTopics(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	b := start(t, dir, time.Hour)
	createTopic(t, b, testTopic, map[string]string{"cleanup.policy": "compact"})
	client := newClientOf(t, b, append(consumer(testTopic), kgo.ProducerBatchCompression(kgo.NoCompression()))...)
	filler := strings.Repeat("x", 10_000)
	const keys, rounds = 10, 60
	for round := range rounds {
		for key := range keys {
			value := fmt.Sprintf("%d-%d-%s", key, round, filler)
			client.Produce(t.Context(), &kgo.Record{Topic: testTopic, Key: fmt.Append(nil, key), Value: []byte(value)}, nil)
		}
		if err := client.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := consume(t.Context(), client, "", keys*rounds); err != nil {
		t.Fatal(err)
	}
	before := size(b.cluster.PartitionInfos(testTopic))
	if err := b.trim(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := size(b.cluster.PartitionInfos(testTopic)); before < worthCompacting || after > before/10 {
		t.Errorf("compaction went from %d to %d bytes", before, after)
	}
	client.Close()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}

	b = start(t, dir, time.Hour)
	fresh := newClientOf(t, b, kgo.ConsumeTopics(testTopic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	last := map[string]bool{}
	embeddedtest.Eventually(t, "every key's last event is there", func() bool {
		fresh.PollFetches(t.Context()).EachRecord(func(record *kgo.Record) {
			if strings.HasPrefix(string(record.Value), fmt.Sprintf("%s-%d-", record.Key, rounds-1)) {
				last[string(record.Key)] = true
			}
		})
		return len(last) == keys
	})
}

// A second broker on the same folder would destroy the first one's log.
func TestBrokerFolderHasOneHolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	start(t, dir, time.Hour)
	if _, err := Start(t.Context(), Config{Dir: dir}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Fatalf("second start: %v", err)
	}
	newer := t.TempDir()
	if err := os.WriteFile(filepath.Join(newer, formatFile), []byte("shopmesh broker format 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), Config{Dir: newer}); err == nil || !strings.Contains(err.Error(), "format 2") {
		t.Fatalf("start on a newer format: %v", err)
	}
}

// The ticker trims by itself.
func TestBrokerTrimsOnItsOwn(t *testing.T) {
	t.Parallel()
	b := start(t, t.TempDir(), 10*time.Millisecond)
	createTopic(t, b, testTopic, nil)
	client := newClientOf(t, b, consumer(testTopic)...)
	if err := produceNumbered(t.Context(), client, "a", 20); err != nil {
		t.Fatal(err)
	}
	if _, err := consume(t.Context(), client, "a", 20); err != nil {
		t.Fatal(err)
	}
	admin := kadm.NewClient(client)
	embeddedtest.Eventually(t, "only the last records are left", func() bool {
		starts, err := admin.ListStartOffsets(t.Context(), testTopic)
		if err != nil {
			t.Fatal(err)
		}
		ends, err := admin.ListEndOffsets(t.Context(), testTopic)
		if err != nil {
			t.Fatal(err)
		}
		left := int64(0)
		ends.Each(func(end kadm.ListedOffset) { left += end.Offset })
		starts.Each(func(start kadm.ListedOffset) { left -= start.Offset })
		return left == testPartitions
	})
}
