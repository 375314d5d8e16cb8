package kafka

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
)

// ListedTopic is a line of a list of topics.
type ListedTopic struct {
	Topic
	// Publishers and Consumers are the contexts that write and read it.
	Publishers, Consumers []string
}

// topicName is what a broker takes as the name of a topic.
var topicName = regexp.MustCompile(`^[a-zA-Z0-9._-]{1,249}$`) //nolint:gochecknoglobals // a constant

// maxPartitions bounds the partitions of a listed topic: more are a mistake, and cost the
// broker files.
const maxPartitions = 10_000

// ReadTopicList reads a file that lists topics, one a line: its name, its partitions, its
// cleanup.policy (delete or compact), who publishes to it and who consumes it, separated by
// tabs; the contexts of the last two by commas. Lines that begin with # are comments. The error
// of a line names the file and the line.
func ReadTopicList(path string) ([]ListedTopic, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var topics []ListedTopic
	lines := map[string]int{}
	number := 0
	for line := range strings.Lines(string(text)) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		topic, err := parseListedTopic(line)
		if err == nil && lines[topic.Name] > 0 {
			err = fmt.Errorf("the topic %s is in line %d already", topic.Name, lines[topic.Name])
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, number, err)
		}
		topics, lines[topic.Name] = append(topics, topic), number
	}
	if len(topics) == 0 {
		return nil, fmt.Errorf("%s lists no topic", path)
	}
	return topics, nil
}

func parseListedTopic(line string) (ListedTopic, error) {
	const columns = 5
	fields := strings.Split(line, "\t")
	if len(fields) != columns {
		return ListedTopic{}, fmt.Errorf("it has %d columns: write topic, partitions, cleanup.policy, publishers and consumers, with a tab between two", len(fields))
	}
	contexts := func(field string) []string { return strings.FieldsFunc(field, func(r rune) bool { return r == ',' }) }
	topic := ListedTopic{Topic: Topic{Name: fields[0], Compacted: fields[2] == policyCompact}, Publishers: contexts(fields[3]), Consumers: contexts(fields[4])}
	if !topicName.MatchString(topic.Name) {
		return topic, fmt.Errorf("%q is no name of a topic: write letters, digits, dots, underscores and hyphens, 249 at most", topic.Name)
	}
	partitions, err := strconv.ParseInt(fields[1], 10, 32)
	if err != nil || partitions < 1 || partitions > maxPartitions {
		return topic, fmt.Errorf("%q is no number of partitions from 1 to %d", fields[1], maxPartitions)
	}
	topic.Partitions = int32(partitions)
	if fields[2] != topic.CleanupPolicy() {
		return topic, fmt.Errorf("the cleanup.policy %q is neither %s nor %s", fields[2], policyDelete, policyCompact)
	}
	return topic, nil
}

// FoundTopic is a topic as the broker has it.
type FoundTopic struct {
	Name          string
	Partitions    int
	CleanupPolicy string
}

// DescribeTopics returns topics as the broker has them, in the order of their names here. It
// waits for the broker until ctx ends, and for topics that it does not know yet: one that was
// created just now is known to all brokers a little later.
func DescribeTopics(ctx context.Context, cfg Config, names ...string) ([]FoundTopic, error) {
	var found []FoundTopic
	err := administer(ctx, cfg, "describe topics", func(admin *kadm.Client) error {
		var err error
		found, err = describe(ctx, admin, names)
		return err
	})
	return found, err
}

func describe(ctx context.Context, admin *kadm.Client, names []string) ([]FoundTopic, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	details, err := admin.ListTopics(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("describe topics: %w", err)
	}
	configs, err := admin.DescribeTopicConfigs(ctx, names...)
	if err != nil {
		return nil, fmt.Errorf("describe topics: %w", err)
	}
	found := make([]FoundTopic, 0, len(names))
	for _, name := range names {
		topic, there := details[name]
		config, err := configs.On(name, nil)
		switch {
		case !there:
			err = kerr.UnknownTopicOrPartition
		case topic.Err != nil:
			err = topic.Err
		case err == nil:
			err = config.Err
		}
		if err != nil {
			return nil, fmt.Errorf("describe the topic %s: %w", name, err)
		}
		one := FoundTopic{Name: name, Partitions: len(topic.Partitions)}
		for _, c := range config.Configs {
			if c.Key == policyConfig {
				one.CleanupPolicy = c.MaybeValue()
			}
		}
		found = append(found, one)
	}
	return found, nil
}
