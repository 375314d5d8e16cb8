package sim

import (
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/trace"
)

// bus is the broker. It keeps the order of the events of one key in a topic and no other: a
// real broker has more order, but quarantined events and other partitions break it.
type bus struct {
	topics map[string]*topic
	groups int
	// meanings hold the hash of each event's content by its identity.
	meanings map[string]uint64
}

type topic struct {
	lanes  []*lane // as they came
	byKey  map[uuid.UUID]*lane
	groups []int // the groups that consume it
	orders bool  // it is order's, whose events hold the order as it is by then
}

// lane holds the events of one key.
type lane struct {
	records []consumer.Event
	cursors []cursor // by group
}

// cursor is where a group stands in a lane.
type cursor struct {
	next, committed int
	// ready holds when each record can be fetched, in their order.
	ready []time.Time
}

func newBus() *bus { return &bus{topics: map[string]*topic{}, meanings: map[string]uint64{}} }

// join adds a group that consumes topics, and returns its number.
func (b *bus) join(topics []string) int {
	group := b.groups
	b.groups++
	for _, name := range topics {
		t := b.topic(name)
		t.groups = append(t.groups, group)
	}
	return group
}

func (b *bus) topic(name string) *topic {
	t, ok := b.topics[name]
	if !ok {
		t = &topic{byKey: map[uuid.UUID]*lane{}, orders: name == "shopmesh.order.order.v1"}
		b.topics[name] = t
	}
	return t
}

// publish appends an event; delay returns how long it takes to a group.
func (b *bus) publish(e consumer.Event, now time.Time, delay func() time.Duration) {
	t := b.topic(e.Topic)
	l, ok := t.byKey[e.Key]
	if !ok {
		l = &lane{cursors: make([]cursor, b.groups)}
		t.byKey[e.Key] = l
		t.lanes = append(t.lanes, l)
	}
	e.Offset = int64(len(l.records))
	l.records = append(l.records, e)
	for _, group := range t.groups {
		c := &l.cursors[group]
		ready := now.Add(delay())
		if n := len(c.ready); n > 0 && c.ready[n-1].After(ready) {
			ready = c.ready[n-1]
		}
		c.ready = append(c.ready, ready)
	}
}

// lose forgets every event, as a broker that lost its disk.
func (b *bus) lose() {
	for _, t := range b.topics {
		clear(t.byKey)
		t.lanes = nil
	}
}

// heal has everything that is under way arrive now.
func (b *bus) heal(now time.Time) {
	for _, t := range b.topics {
		for _, l := range t.lanes {
			for _, group := range t.groups {
				c := &l.cursors[group]
				for i := c.next; i < len(c.ready); i++ {
					c.ready[i] = now
				}
			}
		}
	}
}

// event makes what the outbox stores and the broker carries of an event.
func event(e outbox.Event) (consumer.Event, error) {
	if e.Message == nil || e.Topic == "" || e.Key == uuid.Nil || e.Time.IsZero() {
		return consumer.Event{}, fmt.Errorf("an event of %q lacks its key, message or time", e.Topic)
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(e.Message)
	if err != nil {
		return consumer.Event{}, err
	}
	name := string(e.Message.ProtoReflect().Descriptor().FullName())
	return consumer.Event{
		Topic: e.Topic, Key: e.Key, Type: name, Version: e.Version, Time: e.Time, Payload: payload,
		Traceparent: e.Traceparent, Span: trace.Parse(e.Traceparent),
		ID: e.Key.String() + "/" + strconv.FormatInt(e.Version, 10) + "/" + name,
	}, nil
}

// same reports whether a republished event has the same content. Order's events hold the
// order as it is by then, so they are not compared.
func (b *bus) same(e consumer.Event) bool {
	if b.topic(e.Topic).orders {
		return true
	}
	var h uint64
	for _, one := range e.Payload {
		h = mix(h, one)
	}
	before, again := b.meanings[e.ID]
	b.meanings[e.ID] = h
	return !again || before == h
}
