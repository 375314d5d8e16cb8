// Package kafka makes clients of the broker, namely producers, members of consumer groups
// and followers, and creates topics. Its options give the guarantees that kit/outbox and
// kit/consumer need: idempotent produces in order, commits only of what was applied.
package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/crashpoint"
)

// DeliveryBound is how long a record may be under way before it counts as not
// delivered. It bounds the relay's batches, and how long a new leader of the relay
// waits for its predecessor's last record.
const DeliveryBound = 5 * time.Second

// Config is how to reach the broker.
type Config struct {
	// Brokers are host:port addresses to begin with.
	Brokers  []string
	ClientID string
	// Dial replaces the network, for a broker in this process. Nil dials TCP.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS encrypts the connection when set. Dial must then be nil.
	TLS *certs.Files
	// SASL authenticates the client when set.
	SASL sasl.Mechanism
	// Embedded means that the broker is the built-in one, whose topics keep their
	// records until its own trimming removes what every group has consumed.
	Embedded bool
	// Link, when set, learns whether the broker can be reached.
	Link *Link
	// Log gets what keeps the client waiting. Nil is slog.Default.
	Log *slog.Logger
}

// DefaultRetention is how long a topic keeps events where nothing else is set.
const DefaultRetention = 7 * 24 * time.Hour

// The configurations of a topic that we set, and the values of the policy.
const (
	retentionConfig = "retention.ms"
	policyConfig    = "cleanup.policy"

	policyCompact = "compact"
	policyDelete  = "delete"
)

// Topic is an aggregate's stream of events.
type Topic struct {
	// Name is shopmesh.<context>.<aggregate>.v1.
	Name string
	// Partitions bound how many replicas can share the work. 0 means 1. The number
	// of an existing topic is never changed, because keys would move.
	Partitions int32
	// Compacted keeps each key's last event for ever: whole-state topics.
	Compacted bool
	// Retention is how long another topic keeps events: the context that publishes them sets it, also
	// for a topic that exists. 0 leaves it to that one, and means DefaultRetention where
	// the topic is missing.
	Retention time.Duration
}

func (c Config) log() *slog.Logger {
	if c.Log == nil {
		return slog.Default()
	}
	return c.Log
}

func (c Config) options(more ...kgo.Opt) []kgo.Opt {
	opts := []kgo.Opt{
		kgo.SeedBrokers(c.Brokers...),
		kgo.ClientID(c.ClientID),
		kgo.DisableClientMetrics(),
		kgo.MetadataMinAge(100 * time.Millisecond),
		kgo.RetryBackoffFn(backoff),
	}
	if c.Dial != nil {
		opts = append(opts, kgo.Dialer(c.Dial))
	}
	if c.TLS != nil {
		opts = append(opts, kgo.Dialer(c.dialTLS))
	}
	if c.Link != nil {
		opts = append(opts, kgo.WithHooks(c.Link))
	}
	if c.SASL != nil {
		opts = append(opts, kgo.SASL(c.SASL))
	}
	return append(opts, more...)
}

// backoff keeps the wait short: an outbox waits behind it, and one broker in the
// same process comes back within a second.
func backoff(fails int) time.Duration {
	return min(50*time.Millisecond<<min(fails, 10), time.Second)
}

// NewProducer makes an idempotent producer: records are acknowledged by all replicas,
// stay in order within a partition, and are delivered or failed within DeliveryBound and
// a little. It does not connect yet. Records are buffered until Flush, so that a batch
// travels as one request.
func NewProducer(cfg Config, opts ...kgo.Opt) (*kgo.Client, error) {
	base := cfg.options(
		kgo.RequiredAcks(kgo.AllISRAcks()),
		// Keys stay on the partition that every other Kafka client would choose.
		kgo.RecordPartitioner(kgo.StickyKeyPartitioner(nil)),
		kgo.ProducerLinger(5*time.Millisecond),
		kgo.RecordDeliveryTimeout(DeliveryBound),
		kgo.ProduceRequestTimeout(DeliveryBound),
		kgo.AllowIdempotentProduceCancellation(),
		kgo.UnknownTopicRetries(4),
		kgo.MaxBufferedRecords(10_000),
	)
	if cfg.Embedded {
		// Nothing travels: compressing would cost and save no network.
		base = append(base, kgo.ProducerBatchCompression(kgo.NoCompression()))
	}
	client, err := kgo.NewClient(append(base, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("kafka producer: %w", err)
	}
	return client, nil
}

// commitInterval is how often marked offsets are committed. After a kill the records of
// the last fifth of a second are read again, which changes nothing; a commit after each
// batch would cost a sync of the broker's disk.
const commitInterval = 200 * time.Millisecond

// NewConsumer makes a member of a consumer group. It reads the topics from their start,
// commits what is marked (MarkCommitRecords) shortly after, and blocks rebalances between
// a poll and AllowRebalance. A member that was killed loses its partitions after ten
// seconds. A commit beyond a topic's end, as after the loss of a broker's disk, is reset
// to the start: events are read again rather than skipped.
func NewConsumer(cfg Config, group string, topics []string, opts ...kgo.Opt) (*kgo.Client, error) {
	base := cfg.options(
		kgo.ConsumerGroup(group),
		kgo.ConsumeTopics(topics...),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.AutoCommitMarks(),
		kgo.AutoCommitInterval(commitInterval),
		kgo.BlockRebalanceOnPoll(),
		kgo.SessionTimeout(10*time.Second),
		kgo.HeartbeatInterval(time.Second),
		kgo.RebalanceTimeout(60*time.Second),
		kgo.FetchMaxWait(time.Second),
		// What is fetched and not applied yet is memory: one fetch of this size for each
		// broker, while the database is away, for example.
		kgo.FetchMaxBytes(16<<20),
		kgo.MetadataMaxAge(30*time.Second),
	)
	if crashpoint.On {
		base = append(base, boundaries(group)...)
	}
	client, err := kgo.NewClient(append(base, opts...)...)
	if err != nil {
		return nil, fmt.Errorf("kafka consumer of group %s: %w", group, err)
	}
	return client, nil
}

// EnsureTopics creates the topics that are missing, and waits for the broker until
// ctx ends. Topics that exist are left as they are, but for a retention that is named.
func EnsureTopics(ctx context.Context, cfg Config, topics []Topic) error {
	if len(topics) == 0 {
		return nil
	}
	cfg.Link.remember(cfg, topics)
	return administer(ctx, cfg, "create topics", func(admin *kadm.Client) error {
		return createMissing(ctx, admin, cfg, topics)
	})
}

// administer repeats a request about topics while the broker is away or not ready, until ctx
// ends. what names the request.
func administer(ctx context.Context, cfg Config, what string, request func(*kadm.Client) error) error {
	client, err := kgo.NewClient(cfg.options(kgo.RequestRetries(1))...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	admin := kadm.NewClient(client)
	waits := condition.New(cfg.log(), "the topics are not there yet; waiting for the broker")
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		err := request(admin)
		if err == nil {
			waits.Over(ctx)
		}
		if err == nil || !waitable(err) {
			return err
		}
		waits.Note(ctx, err, "brokers", cfg.Brokers)
		t := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			t.Stop()
			return fmt.Errorf("%s: %w (last: %w)", what, ctx.Err(), err)
		case <-t.C:
		}
	}
}

func createMissing(ctx context.Context, admin *kadm.Client, cfg Config, topics []Topic) error {
	for _, t := range topics {
		attempt, cancel := context.WithTimeout(ctx, 10*time.Second)
		res, err := admin.CreateTopic(attempt, t.partitions(cfg.Embedded), -1, t.configs(cfg.Embedded), t.Name)
		cancel()
		if err == nil {
			err = res.Err
		}
		switch {
		case err == nil:
		case !errors.Is(err, kerr.TopicAlreadyExists):
			return fmt.Errorf("create topic %s: %w", t.Name, err)
		case t.Retention > 0 && !t.Compacted && !cfg.Embedded:
			if err := retain(ctx, admin, cfg, t); err != nil {
				return err
			}
		}
	}
	return nil
}

// retain sets the retention of a topic that exists, unless it is so already. Where the
// broker does not allow it, an administrator has to set it: that is logged, and is no
// failure. A topic that another process has created a moment ago is waited for, up to 10
// seconds: it exists already, and not yet for the broker that is asked.
func retain(ctx context.Context, admin *kadm.Client, cfg Config, t Topic) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	want := strconv.FormatInt(t.Retention.Milliseconds(), 10)
	for {
		err := setRetention(ctx, admin, t.Name, want)
		switch {
		case err == nil:
			return nil
		case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
			cfg.log().WarnContext(ctx, "the broker does not let us set how long a topic keeps events; set it there", "topic", t.Name, retentionConfig, want)
			return nil
		case !errors.Is(err, kerr.UnknownTopicOrPartition):
			return fmt.Errorf("set the retention of topic %s: %w", t.Name, err)
		}
		wait := time.NewTimer(50 * time.Millisecond)
		select {
		case <-ctx.Done():
			wait.Stop()
			return fmt.Errorf("set the retention of topic %s: %w", t.Name, err)
		case <-wait.C:
		}
	}
}

// setRetention sets the retention of a topic to want, in milliseconds, unless it is so already.
func setRetention(ctx context.Context, admin *kadm.Client, topic, want string) error {
	found, err := admin.DescribeTopicConfigs(ctx, topic)
	if err != nil {
		return err
	}
	if len(found) == 1 {
		if found[0].Err != nil {
			return found[0].Err
		}
		for _, c := range found[0].Configs {
			if c.Key == retentionConfig && c.MaybeValue() == want {
				return nil
			}
		}
	}
	altered, err := admin.AlterTopicConfigs(ctx, []kadm.AlterConfig{{Op: kadm.SetConfig, Name: retentionConfig, Value: &want}}, topic)
	if err == nil && len(altered) == 1 {
		err = altered[0].Err
	}
	return err
}

// waitable errors mean that the broker is away or not ready; others, like a refused
// authorization or an invalid name, stay what they are.
func waitable(err error) bool {
	var ke *kerr.Error
	if errors.As(err, &ke) {
		return ke.Retriable || errors.Is(err, kerr.InvalidReplicationFactor)
	}
	return true
}

// partitions is 1 on the embedded broker: partitions share work among replicas,
// which one process has none of, and each costs a sync of its own per batch.
func (t Topic) partitions(embedded bool) int32 {
	if embedded {
		return 1
	}
	return max(t.Partitions, 1)
}

// CleanupPolicy is the topic's cleanup.policy.
func (t Topic) CleanupPolicy() string {
	if t.Compacted {
		return policyCompact
	}
	return policyDelete
}

func (t Topic) configs(embedded bool) map[string]*string {
	value := func(s string) *string { return &s }
	configs := map[string]*string{policyConfig: value(t.CleanupPolicy())}
	switch {
	case t.Compacted:
	case embedded:
		// A partition that is trimmed to nothing would start again at offset 0 while
		// its groups' commits stay: the embedded broker trims by those commits instead.
		configs[retentionConfig] = value("-1")
	default:
		retention := cmp.Or(t.Retention, DefaultRetention)
		configs[retentionConfig] = value(strconv.FormatInt(retention.Milliseconds(), 10))
	}
	return configs
}
