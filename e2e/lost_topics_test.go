//go:build distributed

package e2e

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"

	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Somebody deletes all topics of a running shop, or deletes them and creates them again.
// Orders are accepted meanwhile and confirmed without a restart of any service, and the
// services log what happened, not something that follows from it.
func TestDistributedTopicsAreLost(t *testing.T) {
	for name, lose := range map[string]struct {
		recreate bool
		cause    string
	}{
		"deleted":          {cause: "the broker has no topic shopmesh."},
		"deleted and made": {recreate: true, cause: ".v1 was deleted and created again on the broker; it is read and written from its start"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &testkit.Lines{}
			s := upDistributed(t, log, startKafka(t))
			mug := s.sell(euros(5, 0), 10)
			s.reached(s.place(request("sandbox_ok", of(mug.GetCode(), 1))).GetId(), confirmed)
			s.mustAudit()

			log.Reset()
			s.loseTopics(lose.recreate)
			order := s.place(request("sandbox_ok", of(mug.GetCode(), 2)))
			s.reached(order.GetId(), confirmed)
			s.oneMail(order.GetContact().GetEmail())
			s.mustAudit()
			text := log.String()
			if !strings.Contains(text, lose.cause) {
				t.Errorf("no service logged %q:\n%s", lose.cause, text)
			}
			for _, other := range []string{"connection refused", "UNKNOWN_TOPIC", "panic"} {
				if strings.Contains(text, other) {
					t.Errorf("a service logged %q:\n%s", other, text)
				}
			}
			// New orders need no healing any more.
			s.reached(s.place(request("sandbox_ok", of(mug.GetCode(), 1))).GetId(), confirmed)
		})
	}
}

// loseTopics deletes all topics, and creates them again where recreate is set.
func (s *distributed) loseTopics(recreate bool) {
	s.t.Helper()
	ctx, admin := s.t.Context(), administer(s.t, s.broker)
	names := slices.Collect(maps.Keys(listedTopics(s.t)))
	before, err := admin.ListTopics(ctx, names...)
	if err != nil {
		s.t.Fatal(err)
	}
	deleted, err := admin.DeleteTopics(ctx, names...)
	if err := errors.Join(err, deleted.Error()); err != nil {
		s.t.Fatal(err)
	}
	if !recreate {
		return
	}
	eventually(s.t, func(ctx context.Context) error {
		for _, name := range names {
			policy := "delete"
			if strings.HasSuffix(listedTopics(s.t)[name], "compact") {
				policy = "compact"
			}
			made, err := admin.CreateTopic(ctx, int32(len(before[name].Partitions)), 1, map[string]*string{"cleanup.policy": &policy}, name)
			if err := errors.Join(err, made.Err); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
				return err
			}
		}
		return isAnother(ctx, admin, before)
	})
}

// isAnother reports a topic that is still the one from before.
func isAnother(ctx context.Context, admin *kadm.Client, before kadm.TopicDetails) error {
	after, err := admin.ListTopics(ctx, before.Names()...)
	if err != nil {
		return err
	}
	for name, topic := range after {
		if topic.Err != nil || topic.ID == before[name].ID {
			return errorf("topic %s is not created again: %w", name, topic.Err)
		}
	}
	return nil
}
