package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// proofInterval is how often a Follower queries where the topics end.
const proofInterval = time.Second

// Follower reads topics for itself, as every replica does that keeps something in
// memory: without a group, and with nothing committed.
type Follower struct {
	Kafka Config
	// Topics are read from their end on. One that names a group is read from what the
	// group has committed on (from the start while it has nothing), so that what the
	// group has not applied yet is read too.
	Topics map[string]string
	// Since has topics without a group read from what was published that long ago, in place
	// of their end.
	Since time.Duration
	// Begin is called when it is known from where topics are read, before the first
	// record: whatever was published earlier may have been missed.
	Begin func()
	// Handle gets records, those of a partition in their order.
	Handle func(ctx context.Context, records []*kgo.Record)
	// Proven is called again and again, with a time up to which everything that was
	// published has been handled. It is not called while the broker is away.
	Proven func(at time.Time)
}

// positions are the offsets of the next records, by topic and partition.
type positions map[string]map[int32]int64

// Run follows the topics until ctx ends. It returns an error when records may have been
// missed, as after the loss of a broker's disk, or when the broker can't be reached at
// the start; the caller runs it again.
func (f Follower) Run(ctx context.Context) error {
	client, err := kgo.NewClient(f.Kafka.options(
		kgo.ConsumeResetOffset(kgo.NoResetOffset()),
		kgo.FetchMaxWait(time.Second),
		kgo.MetadataMaxAge(30*time.Second),
	)...)
	if err != nil {
		return fmt.Errorf("kafka follower: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	at, err := f.start(ctx, admin)
	if err != nil {
		return ended(ctx, err)
	}
	f.Begin()
	client.AddConsumePartitions(at.offsets())
	var queried time.Time
	var ends positions // where the topics ended at that time; nil once that was reached
	for ctx.Err() == nil {
		if err := f.poll(ctx, client, at); err != nil {
			return ended(ctx, err)
		}
		if time.Since(queried) >= proofInterval {
			now := time.Now()
			if found, err := f.ends(ctx, admin); err == nil {
				queried, ends = now, found
			}
		}
		if ends == nil {
			continue
		}
		reached, err := at.reach(ends)
		if err != nil {
			return err
		}
		if reached {
			f.Proven(queried)
			ends = nil
		}
	}
	return nil
}

// ended hides what a context that is over made of a call.
func ended(ctx context.Context, err error) error {
	if ctx.Err() == nil {
		return err
	}
	return nil
}

// poll handles what came, or waits a little.
func (f Follower) poll(ctx context.Context, client *kgo.Client, at positions) error {
	waiting, cancel := context.WithTimeout(ctx, proofInterval/2)
	defer cancel()
	fetches := client.PollRecords(waiting, 1000)
	for _, failed := range fetches.Errors() {
		if topic := Lost(failed.Topic, failed.Err); topic != nil {
			return topic
		}
		var lost *kgo.ErrDataLoss
		if errors.Is(failed.Err, kerr.OffsetOutOfRange) || errors.As(failed.Err, &lost) {
			return fmt.Errorf("follow %s: %w", failed.Topic, failed.Err)
		}
		// Others pass, or nothing is proven any more.
	}
	records := fetches.Records()
	for _, r := range records {
		at[r.Topic][r.Partition] = r.Offset + 1
	}
	if len(records) > 0 {
		f.Handle(ctx, records)
	}
	return nil
}

// startPause is how long a Follower waits for topics that were created a moment ago.
const startPause = 100 * time.Millisecond

// start finds from where each partition is read. A broker names a topic some time after
// another has created it, so that what is unknown now is no failure for ten seconds.
func (f Follower) start(ctx context.Context, admin *kadm.Client) (positions, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for {
		at, err := f.starts(ctx, admin)
		if !errors.Is(err, kerr.UnknownTopicOrPartition) && !errors.Is(err, kerr.LeaderNotAvailable) {
			return at, err
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(startPause):
		}
	}
}

// starts is start that tries once.
func (f Follower) starts(ctx context.Context, admin *kadm.Client) (positions, error) {
	at, err := f.ends(ctx, admin)
	if err != nil {
		return nil, err
	}
	for topic, group := range f.Topics {
		if group == "" {
			if err := f.goBack(ctx, admin, topic, at[topic]); err != nil {
				return nil, err
			}
			continue
		}
		starts, err := admin.ListStartOffsets(ctx, topic)
		if err == nil {
			err = starts.Error()
		}
		if err != nil {
			return nil, fmt.Errorf("where %s starts: %w", topic, err)
		}
		committed, err := admin.FetchOffsets(ctx, group)
		if err == nil {
			err = committed.Error()
		}
		if err != nil {
			return nil, fmt.Errorf("what %s has committed: %w", group, err)
		}
		for partition, end := range at[topic] {
			first, _ := starts.Lookup(topic, partition)
			next := first.Offset
			// A commit beyond the end is of a topic that was lost: the group starts over.
			if done, ok := committed.Lookup(topic, partition); ok && done.At <= end {
				next = max(next, done.At)
			}
			at[topic][partition] = next
		}
	}
	return at, nil
}

// goBack moves the positions in a topic back to what was published Since ago.
func (f Follower) goBack(ctx context.Context, admin *kadm.Client, topic string, at map[int32]int64) error {
	if f.Since == 0 {
		return nil
	}
	listed, err := admin.ListOffsetsAfterMilli(ctx, time.Now().Add(-f.Since).UnixMilli(), topic)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return fmt.Errorf("what was published in %s of late: %w", topic, err)
	}
	for partition, end := range at {
		if first, ok := listed.Lookup(topic, partition); ok && first.Offset >= 0 && first.Offset < end {
			at[partition] = first.Offset
		}
	}
	return nil
}

// ends queries where the topics end.
func (f Follower) ends(ctx context.Context, admin *kadm.Client) (positions, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	topics := make([]string, 0, len(f.Topics))
	for topic := range f.Topics {
		topics = append(topics, topic)
	}
	listed, err := admin.ListEndOffsets(ctx, topics...)
	if err == nil {
		err = listed.Error()
	}
	if err != nil {
		return nil, fmt.Errorf("where topics end: %w", err)
	}
	ends := positions{}
	listed.Each(func(o kadm.ListedOffset) {
		if ends[o.Topic] == nil {
			ends[o.Topic] = map[int32]int64{}
		}
		ends[o.Topic][o.Partition] = o.Offset
	})
	return ends, nil
}

// reach reports whether everything before ends was handled. It returns an error when
// the topics are others than those that were followed.
func (p positions) reach(ends positions) (bool, error) {
	reached := true
	for topic, partitions := range ends {
		for partition, end := range partitions {
			at, ok := p[topic][partition]
			if !ok || at > end {
				return false, fmt.Errorf("partition %d of %s was made or cut since it is followed", partition, topic)
			}
			reached = reached && at == end
		}
	}
	return reached, nil
}

func (p positions) offsets() map[string]map[int32]kgo.Offset {
	all := map[string]map[int32]kgo.Offset{}
	for topic, partitions := range p {
		all[topic] = map[int32]kgo.Offset{}
		for partition, at := range partitions {
			all[topic][partition] = kgo.NewOffset().At(at)
		}
	}
	return all
}
