package consumer

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/trace"
)

// item is an event on its way through a batch.
type item struct {
	Event
	// malformed is why the record is no event. Its key is then uuid.Nil, and nothing
	// waits behind it, because it belongs to no aggregate.
	malformed error
	// retried is true when the event failed alone once.
	retried bool
	// cause is why the event alone could not be applied; it becomes a dead letter.
	cause string
}

// Parse reads a record as the consumer does. It returns an error when the record is
// no event.
func Parse(r *kgo.Record) (Event, error) {
	it := parse(r)
	return it.Event, it.malformed
}

// parse reads CloudEvents' Kafka binding, binary mode.
func parse(r *kgo.Record) item {
	it := item{Event: Event{Topic: r.Topic, Partition: r.Partition, Offset: r.Offset, Payload: r.Value, Time: r.Timestamp}}
	if it.Payload == nil {
		it.Payload = []byte{}
	}
	var version, subject, specversion, when string
	for _, h := range r.Headers {
		switch h.Key {
		case "ce_specversion":
			specversion = string(h.Value)
		case "ce_id":
			it.ID = string(h.Value)
		case "ce_type":
			it.Type = string(h.Value)
		case "ce_subject":
			subject = string(h.Value)
		case "ce_time":
			when = string(h.Value)
		case "ce_aggregateversion":
			version = string(h.Value)
		case "traceparent":
			it.Traceparent, it.Span = trace.Read(string(h.Value))
		}
	}
	if err := it.identify(string(r.Key), specversion, subject, version, when); err != nil {
		it.malformed, it.Key = err, uuid.Nil
	}
	return it
}

func (it *item) identify(key, specversion, subject, version, when string) (err error) {
	if specversion != "1.0" {
		return fmt.Errorf("ce_specversion is %q, 1.0 is understood", specversion)
	}
	if it.ID == "" || it.Type == "" {
		return errors.New("ce_id or ce_type is missing")
	}
	if it.Key, err = uuid.Parse(key); err != nil {
		return fmt.Errorf("the record's key %.64q is no UUID", key)
	}
	if it.Key == uuid.Nil {
		return errors.New("the record's key is the nil UUID")
	}
	if subject != it.Key.String() {
		return fmt.Errorf("ce_subject %.64q is not the record's key %s", subject, it.Key)
	}
	if it.Version, err = strconv.ParseInt(version, 10, 64); err != nil {
		return fmt.Errorf("ce_aggregateversion %.64q is no integer", version)
	}
	if it.Time, err = time.Parse(time.RFC3339Nano, when); err != nil {
		return fmt.Errorf("ce_time %.64q is no RFC 3339 time", when)
	}
	return nil
}
