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

// LostTopic is the error of a topic that vanished while clients work with it: the broker
// lost its data, or somebody deleted the topic.
type LostTopic struct {
	Name string
	// Recreated means that there is a topic of that name again, with another id. A client
	// never goes on with such a topic by itself.
	Recreated bool
}

func (e *LostTopic) Error() string {
	if e.Recreated {
		return fmt.Sprintf("the topic %s was deleted and created again on the broker; it is read and written from its start", e.Name)
	}
	return fmt.Sprintf("the broker has no topic %s any more; it is created again", e.Name)
}

// Lost returns the lost topic that a client's error means, nil when it is another error.
func Lost(topic string, err error) *LostTopic {
	switch {
	case errors.Is(err, kerr.UnknownTopicID):
		return &LostTopic{Name: topic, Recreated: true}
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return &LostTopic{Name: topic}
	}
	return nil
}

// remember keeps how topics are created, so that they can be created again.
func (l *Link) remember(cfg Config, topics []Topic) {
	if l == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.config = cfg
	if l.topics == nil {
		l.topics = map[string]Topic{}
	}
	for _, t := range topics {
		l.topics[t.Name] = t
	}
}

// Creates reports whether Restore creates the topic when it is missing.
func (l *Link) Creates(topic string) bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.topics[topic]
	return ok
}

// Restore creates those topics that [EnsureTopics] was called with and that are missing
// now. It tries once.
func (l *Link) Restore(ctx context.Context) error {
	if l == nil {
		return nil
	}
	l.mu.Lock()
	cfg, topics := l.config, make([]Topic, 0, len(l.topics))
	for _, t := range l.topics {
		topics = append(topics, t)
	}
	l.mu.Unlock()
	if len(topics) == 0 {
		return nil
	}
	client, err := kgo.NewClient(cfg.options(kgo.RequestRetries(1))...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	return createMissing(ctx, kadm.NewClient(client), cfg, topics)
}

// watchInterval is how often a TopicWatch queries the broker.
const watchInterval = 5 * time.Second

// TopicWatch notices that topics were lost, also where nothing is read from them: a
// client goes on requesting a topic that is gone, without an error.
type TopicWatch struct {
	client  *kgo.Client
	topics  []string
	ids     map[string]kadm.TopicID
	checked time.Time
}

// NewTopicWatch watches topics through a client. It serves one goroutine.
func NewTopicWatch(client *kgo.Client, topics []string) *TopicWatch {
	return &TopicWatch{client: client, topics: topics, ids: map[string]kadm.TopicID{}, checked: time.Now()}
}

// Check returns a lost topic, nil when there is none, when the broker does not answer, or
// when it was queried less than five seconds ago.
func (w *TopicWatch) Check(ctx context.Context) *LostTopic {
	if time.Since(w.checked) < watchInterval {
		return nil
	}
	w.checked = time.Now()
	ctx, cancel := context.WithTimeout(ctx, watchInterval)
	defer cancel()
	found, err := kadm.NewClient(w.client).ListTopics(ctx, w.topics...)
	if err != nil {
		return nil
	}
	for _, name := range w.topics {
		topic, there := found[name]
		if !there || errors.Is(topic.Err, kerr.UnknownTopicOrPartition) {
			return &LostTopic{Name: name}
		}
		if topic.Err != nil {
			continue
		}
		if before, known := w.ids[name]; known && before != topic.ID {
			return &LostTopic{Name: name, Recreated: true}
		}
		w.ids[name] = topic.ID
	}
	return nil
}

// ForgetCommits removes what a group has committed of a topic, so that a topic that was
// created again is read from its start. The broker does so itself when it deletes a
// topic; where the group has other members that still read it, it stays, and they call
// this too.
func ForgetCommits(ctx context.Context, cfg Config, group, topic string) error {
	client, err := kgo.NewClient(cfg.options(kgo.RequestRetries(1))...)
	if err != nil {
		return fmt.Errorf("kafka client: %w", err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	var set kadm.TopicsSet
	committed, err := kadm.NewClient(client).FetchOffsets(ctx, group)
	if err != nil {
		return fmt.Errorf("commits of %s: %w", group, err)
	}
	for _, partition := range committed.Offsets()[topic] {
		set.Add(topic, partition.Partition)
	}
	if len(set) == 0 {
		return nil
	}
	deleted, err := kadm.NewClient(client).DeleteOffsets(ctx, group, set)
	if err == nil {
		err = deleted.Error()
	}
	if err != nil {
		return fmt.Errorf("forget the commits of %s: %w", group, err)
	}
	return nil
}
