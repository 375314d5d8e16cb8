package consumer_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Partitions with quarantined keys are reassigned while events arrive: to a member that
// joins, from one that leaves, and from one that is killed. The new member knows which
// keys wait: no event of theirs is applied, none is lost, and those of all other keys are
// applied. A redrive on any member then applies what waited, in order and once.
func TestARebalanceChangesNothingForQuarantinedKeys(t *testing.T) {
	t.Parallel()
	s := newShop(t, 4)
	bad, good := things(8), things(24) // some on each partition
	all := append(append([]uuid.UUID{}, bad...), good...)
	for _, id := range bad {
		s.broken.Store(id, errors.New("can't be applied"))
	}
	first := s.consumer(t)
	stopFirst := start(t, first)
	s.versions(t, all, 1, 2)
	s.expect(t, good, 2)
	s.expectDeadLetters(t, first, 2*len(bad))

	second := s.consumer(t)
	start(t, second)
	var gate testkit.Gate
	start(t, s.consumerAt(t, gate.Behind(s.broker)))
	var publishing sync.WaitGroup
	const last = 30
	halfway := make(chan struct{})
	publishing.Go(func() {
		for v := int64(3); v <= last; v++ {
			s.versions(t, all, v, v)
			if v == last/2 {
				close(halfway)
			}
		}
	})
	<-halfway
	stopFirst()
	gate.Shut() // that member does not leave the group: it is missed when its session ends
	publishing.Wait()
	s.expect(t, good, last)
	quarantined := s.expectDeadLetters(t, second, last*len(bad))
	next := map[uuid.UUID]int64{}
	for _, l := range quarantined {
		next[l.Event.Key]++
		if v := l.Event.Version; v != next[l.Event.Key] || (l.Cause != "") != (v == 1) {
			t.Errorf("dead letter %d of %s is of version %d with the cause %q", next[l.Event.Key], l.Event.Key, v, l.Cause)
		}
	}
	var applied int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from thing where id = any($1)`, bad).Scan(&applied); err != nil || applied != 0 {
		t.Errorf("%d quarantined things were changed, %v", applied, err)
	}

	s.broken.Clear()
	if done, err := second.Redrive(t.Context()); err != nil || done.Applied != int64(last*len(bad)) || done.Remaining != 0 {
		t.Errorf("redrive: %+v, %v", done, err)
	}
	s.expect(t, bad, last)
	s.versions(t, all, last+1, last+1)
	s.expect(t, all, last+1)
}
