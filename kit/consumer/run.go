package consumer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/crashpoint"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
)

const (
	// maxRest is the longest pause after a batch; otherwise it lasts as long as the
	// batch took.
	maxRest = 10 * time.Millisecond
	// attemptBound is how long one transaction may take.
	attemptBound = 15 * time.Second
	// batchBound is how long a batch is tried before it is given back. With one
	// more attempt it stays below the group's rebalance timeout of 60 s, after
	// which the broker would give the partitions to another member.
	batchBound = 30 * time.Second
)

// Run consumes until ctx ends, whatever happens to database and broker meanwhile.
// A batch in work is finished first.
func (c *Consumer) Run(ctx context.Context) error {
	defer c.meters.watch(ctx, c)()
	for ctx.Err() == nil {
		lost, err := c.consume(ctx)
		if err != nil {
			return err
		}
		if lost != nil {
			c.restore(ctx, lost)
		}
	}
	return nil
}

// restore creates a lost topic again where this process knows how, and has the next
// client read it from its start.
func (c *Consumer) restore(ctx context.Context, lost *kafka.LostTopic) {
	c.noBroker.Note(ctx, lost)
	if err := c.cfg.Kafka.Link.Restore(ctx); err != nil {
		c.noBroker.Note(ctx, fmt.Errorf("%w, which fails: %w", lost, err))
	}
	if err := kafka.ForgetCommits(ctx, c.cfg.Kafka, c.group, lost.Name); err != nil {
		c.log.DebugContext(ctx, "commits of a lost topic stay", "topic", lost.Name, "error", err)
	}
	_ = pause(ctx, time.Second)
}

// consume works as one member of the group, until ctx ends or a topic is lost: a client
// never goes on with a topic that was created again.
func (c *Consumer) consume(ctx context.Context) (lost *kafka.LostTopic, err error) {
	client, err := kafka.NewConsumer(c.cfg.Kafka, c.group, c.cfg.Topics,
		kgo.OnPartitionsAssigned(func(context.Context, *kgo.Client, map[string][]int32) { c.mayBeQuarantined.Store(true) }),
		kgo.OnPartitionsRevoked(c.revoked),
		kgo.OnPartitionsLost(c.forget),
	)
	if err != nil {
		return nil, err
	}
	c.topicLost.Store(false)
	c.client.Store(client)
	defer func() {
		c.client.Store(nil)
		c.topicLost.Store(lost != nil)
		c.commit(ctx, client)
		client.CloseAllowingRebalance()
	}()
	topics := kafka.NewTopicWatch(client, c.cfg.Topics)
	for ctx.Err() == nil {
		if lost := c.once(ctx, client); lost != nil {
			return lost, nil
		}
		if lost := topics.Check(ctx); lost != nil {
			return lost, nil
		}
	}
	return nil, nil
}

const (
	// pollBound is how long a poll waits for events.
	pollBound = 5 * time.Second
	// fetchesWork is how long after the last failed fetch fetches count as working, though
	// no event came.
	fetchesWork = 10 * time.Second
)

// once polls and applies one batch. Partitions stay ours from the poll to the mark. It
// returns a topic that was lost.
func (c *Consumer) once(ctx context.Context, client *kgo.Client) (lost *kafka.LostTopic) {
	defer client.AllowRebalance()
	polling, cancel := context.WithTimeout(ctx, pollBound)
	defer cancel()
	fetches := client.PollRecords(polling, c.cfg.MaxBatch)
	if ctx.Err() != nil {
		return nil
	}
	fetches.EachError(func(topic string, partition int32, err error) {
		if errors.Is(err, context.DeadlineExceeded) && polling.Err() != nil {
			return // nothing came
		}
		if lost = cmp.Or(lost, kafka.Lost(topic, err)); lost == nil {
			c.noBroker.Note(ctx, err, "topic", topic, "partition", partition)
		}
	})
	records := fetches.Records()
	if lost != nil || len(records) == 0 {
		c.noBroker.OverAfter(ctx, fetchesWork)
		return lost
	}
	c.noBroker.Over(ctx)
	began := time.Now()
	batch := make([]item, len(records))
	for i, r := range records {
		batch[i] = parse(r)
	}
	crashpoint.Cross("before apply", c.group, kinds(batch)...)
	if err := c.apply(ctx, batch); err != nil {
		c.noDatabase.Note(ctx, pg.Explain(err), "events", len(batch))
		giveBack(client, records)
		return nil
	}
	crashpoint.Cross("after apply", c.group, kinds(batch)...)
	client.MarkCommitRecords(records...)
	c.observeLag(fetches)
	// What comes meanwhile makes the next batch larger: under load, when batches take
	// long, many events share one commit; alone, an event hardly waits.
	_ = pause(ctx, min(time.Since(began), maxRest))
	return nil
}

// commit stores the offsets of what was applied, before partitions are given away. If it
// fails, those batches are consumed again. Offsets of a lost topic are not stored,
// because the first events of the new topic would be skipped.
func (c *Consumer) commit(ctx context.Context, client *kgo.Client) {
	if c.topicLost.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := client.CommitMarkedOffsets(ctx); err != nil {
		c.log.DebugContext(ctx, "offsets are not committed; those events come again", "error", err)
	}
}

// revoked commits what was applied of partitions that go to another member.
func (c *Consumer) revoked(ctx context.Context, client *kgo.Client, lost map[string][]int32) {
	c.commit(ctx, client)
	c.forget(ctx, client, lost)
}

// giveBack has the next poll return the same records.
func giveBack(client *kgo.Client, records []*kgo.Record) {
	first := map[string]map[int32]kgo.EpochOffset{}
	for _, r := range records {
		if first[r.Topic] == nil {
			first[r.Topic] = map[int32]kgo.EpochOffset{}
		}
		if at, ok := first[r.Topic][r.Partition]; !ok || r.Offset < at.Offset {
			first[r.Topic][r.Partition] = kgo.EpochOffset{Epoch: r.LeaderEpoch, Offset: r.Offset}
		}
	}
	client.SetOffsets(first)
}

// apply applies a batch: the whole at first, then the halves of what fails. An event that
// fails alone is tried once more before it becomes a dead letter, because the cause may
// have been another transaction, such as one that inserted the same key. apply returns an
// error only when the batch's time or ctx is over while the database takes neither events
// nor dead letters.
func (c *Consumer) apply(ctx context.Context, batch []item) error {
	deadline := time.Now().Add(c.bounds.batch)
	parts := [][]item{batch}
	for wait := 50 * time.Millisecond; len(parts) > 0; {
		part := parts[len(parts)-1]
		err := c.attempt(ctx, part)
		switch {
		case err == nil:
			parts = parts[:len(parts)-1]
			c.noDatabase.Over(ctx)
			wait = 50 * time.Millisecond
		case transient(err), part[0].cause != "":
			if time.Now().After(deadline) {
				return err
			}
			c.noDatabase.Note(ctx, pg.Explain(err), "events", len(part))
			c.log.DebugContext(ctx, "tried in vain", "events", len(part), "retry_in", wait, "error", err)
			if pause(ctx, wait/2+rand.N(wait)) != nil {
				return err
			}
			wait = min(2*wait, 2*time.Second)
		case len(part) > 1:
			half := len(part) / 2
			parts = append(parts[:len(parts)-1], part[half:], part[:half])
		case !part[0].retried:
			part[0].retried = true
		default:
			part[0].cause = err.Error()
			c.log.ErrorContext(ctx, "an event can't be applied; its key waits", "topic", part[0].Topic, "key", part[0].Key,
				"event", part[0].ID, "type", part[0].Type, "error", err)
		}
	}
	return nil
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

func (c *Consumer) forget(_ context.Context, _ *kgo.Client, lost map[string][]int32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for topic, partitions := range lost {
		for _, p := range partitions {
			delete(c.behind, topicPartition{topic, p})
		}
	}
}

func (c *Consumer) observeLag(fetches kgo.Fetches) {
	c.mu.Lock()
	defer c.mu.Unlock()
	fetches.EachPartition(func(p kgo.FetchTopicPartition) {
		if n := len(p.Records); n > 0 {
			c.behind[topicPartition{p.Topic, p.Partition}] = max(0, p.HighWatermark-p.Records[n-1].Offset-1)
		}
	})
}

// Behind reads from the broker how many events of its topics the whole group has not
// committed. It fails while Run does not run, or the broker is away.
func (c *Consumer) Behind(ctx context.Context) (int64, error) {
	client := c.client.Load()
	if client == nil {
		return 0, fmt.Errorf("consumer %s does not run", c.group)
	}
	lags, err := kadm.NewClient(client).Lag(ctx, c.group)
	if err != nil {
		return 0, fmt.Errorf("lag of %s: %w", c.group, err)
	}
	lag := lags[c.group]
	if err := errors.Join(lag.DescribeErr, lag.FetchErr); err != nil {
		return 0, fmt.Errorf("lag of %s: %w", c.group, err)
	}
	return lag.Lag.Total(), nil
}
