package testkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
)

// Events stands in for the other contexts on a broker: it publishes their events, and
// collects what the context under test publishes. Its methods can be called from any
// goroutine of the test.
type Events struct {
	tb       testing.TB
	broker   kafka.Config
	producer *kgo.Client

	mu       sync.Mutex
	known    map[string]bool  // topics that exist
	received []consumer.Event // in the order in which they came
	taken    map[int]bool     // indexes of received that Next has returned
	arrived  chan struct{}    // closed, and replaced, when something is received
}

// NewEvents publishes to the broker until the test ends, and collects from the start
// all that is published on the topics named. A record there that is no event fails
// the test.
func NewEvents(tb testing.TB, broker kafka.Config, receive ...string) *Events {
	tb.Helper()
	producer, err := kafka.NewProducer(broker, kgo.ManualFlushing())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(producer.Close)
	e := &Events{
		tb: tb, broker: broker, producer: producer,
		known: map[string]bool{}, taken: map[int]bool{}, arrived: make(chan struct{}),
	}
	e.ensure(receive...)
	if len(receive) > 0 {
		e.receive(receive)
	}
	return e
}

// ensure creates topics that the context under test has not created yet.
func (e *Events) ensure(names ...string) {
	e.tb.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	var missing []kafka.Topic
	for _, name := range names {
		if !e.known[name] {
			missing = append(missing, kafka.Topic{Name: name})
			e.known[name] = true
		}
	}
	ctx, cancel := context.WithTimeout(e.tb.Context(), Patience)
	defer cancel()
	if err := kafka.EnsureTopics(ctx, e.broker, missing); err != nil {
		e.tb.Fatal(err)
	}
}

func (e *Events) receive(topics []string) {
	e.tb.Helper()
	opts := []kgo.Opt{
		kgo.SeedBrokers(e.broker.Brokers...), kgo.ConsumeTopics(topics...), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
	}
	if e.broker.Dial != nil {
		opts = append(opts, kgo.Dialer(e.broker.Dial))
	}
	client, err := kgo.NewClient(opts...)
	if err != nil {
		e.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(e.tb.Context()))
	var receiving sync.WaitGroup
	receiving.Go(func() {
		for ctx.Err() == nil {
			client.PollFetches(ctx).EachRecord(e.record)
		}
	})
	e.tb.Cleanup(func() {
		cancel()
		receiving.Wait()
		client.Close()
	})
}

func (e *Events) record(r *kgo.Record) {
	event, err := consumer.Parse(r)
	if err != nil {
		e.tb.Errorf("record %d of %s is no event: %v", r.Offset, r.Topic, err)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.received = append(e.received, event)
	close(e.arrived)
	e.arrived = make(chan struct{})
}

// Publish publishes events in their order as their contexts would. The events of one
// call travel together, so that a consumer can get them in one batch. It returns when
// the broker has them.
func (e *Events) Publish(events ...outbox.Event) {
	e.tb.Helper()
	records := make([]*kgo.Record, len(events))
	for i, event := range events {
		records[i] = Record(e.tb, event)
	}
	e.PublishRecords(records...)
}

// PublishRecords is Publish for records that are not what a context would publish.
func (e *Events) PublishRecords(records ...*kgo.Record) {
	e.tb.Helper()
	for _, record := range records {
		e.ensure(record.Topic)
	}
	ctx, cancel := context.WithTimeout(e.tb.Context(), Patience)
	defer cancel()
	failed := make(chan error, len(records))
	for _, record := range records {
		e.producer.Produce(ctx, record, func(_ *kgo.Record, err error) { failed <- err })
	}
	if err := e.producer.Flush(ctx); err != nil {
		e.tb.Fatalf("publish: %v", err)
	}
	for range records {
		if err := <-failed; err != nil {
			e.tb.Fatalf("publish: %v", err)
		}
	}
}

// Match chooses events.
type Match func(consumer.Event) bool

// Of chooses an aggregate's events.
func Of(topic string, key uuid.UUID) Match {
	return func(e consumer.Event) bool { return e.Topic == topic && e.Key == key }
}

// Received returns the events that match and came by now, in their order.
func (e *Events) Received(match Match) []consumer.Event {
	e.mu.Lock()
	defer e.mu.Unlock()
	var all []consumer.Event
	for _, event := range e.received {
		if match(event) {
			all = append(all, event)
		}
	}
	return all
}

// Wait returns the events that match once there are at least count of them.
func (e *Events) Wait(count int, match Match) []consumer.Event {
	e.tb.Helper()
	var found []consumer.Event
	if e.until(func() bool {
		found = e.Received(match)
		return len(found) >= count
	}) {
		return found
	}
	e.tb.Fatalf("%d of %d events came in %v: %s; others: %s", len(found), count, Patience, names(found),
		names(e.Received(func(event consumer.Event) bool { return !match(event) })))
	return nil
}

// Next decodes an aggregate's next event of message's type into message, and returns
// it. Each event is returned once; those of other types may come before it and are
// kept for other calls.
func (e *Events) Next(topic string, key uuid.UUID, message proto.Message) consumer.Event {
	e.tb.Helper()
	kind := string(message.ProtoReflect().Descriptor().FullName())
	var found consumer.Event
	if !e.until(func() bool {
		var ok bool
		found, ok = e.take(func(event consumer.Event) bool { return Of(topic, key)(event) && event.Type == kind })
		return ok
	}) {
		e.tb.Fatalf("no %s of %s in %v; it had %s", kind, key, Patience, names(e.Received(Of(topic, key))))
	}
	if err := consumer.Decode(found, message); err != nil {
		e.tb.Fatal(err)
	}
	return found
}

// take finds the first event that matches and was not taken yet, and takes it.
func (e *Events) take(match Match) (consumer.Event, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for i, event := range e.received {
		if !e.taken[i] && match(event) {
			e.taken[i] = true
			return event, true
		}
	}
	return consumer.Event{}, false
}

// until checks cond now and whenever something was received, and reports false when
// the time is over.
func (e *Events) until(cond func() bool) bool {
	ctx, cancel := context.WithTimeoutCause(e.tb.Context(), Patience, errors.New("no event came"))
	defer cancel()
	for {
		e.mu.Lock()
		arrived := e.arrived
		e.mu.Unlock()
		if cond() {
			return true
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return cond()
		}
	}
}

// names are the ids of events, for a message.
func names(events []consumer.Event) string {
	ids := make([]string, len(events))
	for i, event := range events {
		ids[i] = event.ID
	}
	return fmt.Sprintf("[%s]", strings.Join(ids, " "))
}

// Record is an event on the wire, as its context's relay writes it. The context is
// the one that the topic names.
func Record(tb testing.TB, event outbox.Event) *kgo.Record {
	tb.Helper()
	value, err := proto.Marshal(event.Message)
	if err != nil {
		tb.Fatal(err)
	}
	if event.Time.IsZero() {
		event.Time = time.Now()
	}
	kind := string(event.Message.ProtoReflect().Descriptor().FullName())
	source := "/shopmesh/test"
	if parts := strings.Split(event.Topic, "."); len(parts) > 1 {
		source = "/" + parts[0] + "/" + parts[1]
	}
	headers := []kgo.RecordHeader{
		{Key: "ce_specversion", Value: []byte("1.0")},
		{Key: "ce_id", Value: fmt.Appendf(nil, "%s/%d/%s", event.Key, event.Version, kind)},
		{Key: "ce_source", Value: []byte(source)},
		{Key: "ce_type", Value: []byte(kind)},
		{Key: "ce_subject", Value: []byte(event.Key.String())},
		{Key: "ce_time", Value: []byte(event.Time.UTC().Format(time.RFC3339Nano))},
		{Key: "ce_aggregateversion", Value: fmt.Append(nil, event.Version)},
		{Key: "content-type", Value: []byte("application/protobuf")},
	}
	if event.Traceparent != "" {
		headers = append(headers, kgo.RecordHeader{Key: "traceparent", Value: []byte(event.Traceparent)})
	}
	return &kgo.Record{Topic: event.Topic, Key: []byte(event.Key.String()), Value: value, Headers: slices.Clip(headers)}
}
