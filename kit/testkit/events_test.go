package testkit_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func counted(topic string, key uuid.UUID, version int64) outbox.Event {
	return outbox.Event{Topic: topic, Key: key, Version: version, Message: wrapperspb.Int64(10 * version), Time: time.Now()}
}

// What is published comes back as a consumer reads it: complete, and in the order of
// its key.
func TestPublishedEventsAreReceived(t *testing.T) {
	t.Parallel()
	const topic, other = "shopmesh.test.thing.v1", "shopmesh.test.other.v1"
	events := testkit.NewEvents(t, testkit.Broker(t), topic, other)
	first, second := uuid.New(), uuid.New()
	events.Publish(counted(topic, first, 1), counted(topic, second, 1), counted(topic, first, 2), counted(other, first, 1))
	got := events.Wait(2, testkit.Of(topic, first))
	if len(got) != 2 || got[0].Version != 1 || got[1].Version != 2 || got[0].ID != first.String()+"/1/google.protobuf.Int64Value" {
		t.Errorf("received %+v", got)
	}
	events.Wait(1, testkit.Of(other, first))
	events.Wait(1, testkit.Of(topic, second))
	// Next returns each event once.
	for version := range int64(2) {
		var value wrapperspb.Int64Value
		if event := events.Next(topic, first, &value); event.Version != version+1 || value.GetValue() != 10*event.Version {
			t.Errorf("event %+v holds %d", event, value.GetValue())
		}
	}
}
