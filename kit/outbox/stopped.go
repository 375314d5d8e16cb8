package outbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// errBehind marks an event that was not produced because one before it wasn't.
var errBehind = errors.New("an earlier event of the key waits")

type tooLarge struct{ size, limit int }

func (e *tooLarge) Error() string {
	return fmt.Sprintf("the event takes %d bytes, %d are allowed", e.size, e.limit)
}

// permanent errors belong to the record or its topic: the same record fails the
// same way while others succeed. All others are the broker's or the network's.
func permanent(err error) bool {
	var large *tooLarge
	if errors.As(err, &large) || errors.Is(err, kerr.UnknownTopicOrPartition) {
		return true
	}
	if errors.Is(err, kerr.UnknownServerError) {
		return false // the broker failed, because of a full disk for example
	}
	if errors.Is(err, kgo.ErrRecordTimeout) || errors.Is(err, kgo.ErrRecordRetries) || errors.Is(err, errBehind) {
		return false
	}
	var ke *kerr.Error
	if !errors.As(err, &ke) || ke.Retriable {
		return false
	}
	switch {
	case errors.Is(err, kerr.OutOfOrderSequenceNumber), errors.Is(err, kerr.InvalidProducerEpoch),
		errors.Is(err, kerr.InvalidProducerIDMapping), errors.Is(err, kerr.UnknownProducerID),
		errors.Is(err, kerr.ClusterAuthorizationFailed), errors.Is(err, kerr.SaslAuthenticationFailed):
		return false // the producer's, not the record's
	}
	return true
}

type stop struct {
	StoppedKey
	wait time.Duration
}

const (
	firstRetry = time.Second
	lastRetry  = time.Minute
)

// stop keeps a key's events back until its retry time, doubled each time.
func (r *Relay) stop(ctx context.Context, e row, cause error) {
	now := time.Now()
	r.mu.Lock()
	s := r.stopped[e.key]
	if s == nil {
		s = &stop{StoppedKey: StoppedKey{Topic: e.topic, Key: e.key, Since: now}, wait: firstRetry / 2}
		r.stopped[e.key] = s
	}
	s.wait = min(2*s.wait, lastRetry)
	s.EventID, s.Cause, s.RetryTime = e.eventID(), cause.Error(), now.Add(s.wait)
	r.mu.Unlock()
	r.log.ErrorContext(ctx, "an event can't be published; its key waits",
		"topic", e.topic, "key", e.key, "event", e.eventID(), "retry_in", s.wait, "error", cause)
}

func (r *Relay) restart(key uuid.UUID) {
	r.mu.Lock()
	delete(r.stopped, key)
	r.mu.Unlock()
}

// stoppedKeys are those whose retry time has not come.
func (r *Relay) stoppedKeys(now time.Time) []uuid.UUID {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]uuid.UUID, 0, len(r.stopped))
	for key, s := range r.stopped {
		if now.Before(s.RetryTime) {
			keys = append(keys, key)
		}
	}
	return keys
}

// Stopped lists the keys that wait because their next event can't be produced,
// the longest waiting first. Only the leader knows any.
func (r *Relay) Stopped() []StoppedKey {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]StoppedKey, 0, len(r.stopped))
	for _, s := range r.stopped {
		keys = append(keys, s.StoppedKey)
	}
	slices.SortFunc(keys, func(a, b StoppedKey) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Key.String(), b.Key.String()))
	})
	return keys
}
