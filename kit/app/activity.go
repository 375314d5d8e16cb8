package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/metric"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// ActivityTopic is the topic of a context's entries of the activity log.
func ActivityTopic(context string) kafka.Topic {
	return kafka.Topic{Name: "shopmesh." + context + ".activity.v1", Partitions: 1, Retention: activityRetention}
}

const (
	// activityRetention bounds how long a broker keeps entries, which hold address prefixes:
	// long enough for a reader that is away for days.
	activityRetention = 7 * 24 * time.Hour
	// refusalsPause is how often refused calls are written.
	refusalsPause = 10 * time.Second
)

// activityLog writes a context's entries of the activity log.
type activityLog struct {
	name     string
	pool     *pg.Pool
	refusals *activity.Refusals
	log      *slog.Logger
	now      Clock
	newID    NewID

	// taken are refusals that could not be written yet. Run alone uses it, and after it the
	// process's stop.
	taken []*activityv1.Activity
}

func newActivityLog(name string, meter metric.MeterProvider, log *slog.Logger, now Clock, newID NewID) *activityLog {
	return &activityLog{name: name, refusals: activity.NewRefusals(name, meter, now, newID), log: log, now: now, newID: newID}
}

// recordIn has the transactions of the context's pool recorded, from now on.
func (a *activityLog) recordIn(pool *pg.Pool) {
	a.pool = pool
	pool.Join(a.join)
}

// join writes the entry of each transaction of a call that is recorded. Nobody waits for
// entries, so the relay is not woken.
func (a *activityLog) join(ctx context.Context) (context.Context, func(context.Context, *pg.Tx) error) {
	ctx, record := activity.Begin(ctx)
	if record == nil {
		return ctx, nil
	}
	return ctx, func(ctx context.Context, tx *pg.Tx) error {
		return WriteActivity(ctx, tx, a.name, record.Entries(tx.Used(), a.newID, a.now())...)
	}
}

// WriteActivity queues entries of a context in tx.
func WriteActivity(ctx context.Context, tx *pg.Tx, context string, entries ...*activityv1.Activity) error {
	events := make([]outbox.Event, len(entries))
	for i, entry := range entries {
		id, err := uuid.Parse(entry.GetId())
		if err != nil {
			return err
		}
		events[i] = outbox.Event{
			Topic: ActivityTopic(context).Name, Key: id, Version: 1, Time: entry.GetCreateTime().AsTime(),
			Message: &activityv1.ActivityRecorded{Activity: entry},
		}
	}
	return outbox.Write(ctx, tx, "/shopmesh/"+context, events...)
}

// run writes the refused calls from time to time until ctx ends. The last ones are written
// when the process stops.
func (a *activityLog) run(ctx context.Context) error {
	ticker := time.NewTicker(refusalsPause)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			if err := a.writeRefusals(ctx); err != nil {
				return err
			}
		}
	}
}

func (a *activityLog) writeRefusals(ctx context.Context) error {
	if len(a.taken) == 0 {
		var dropped int64
		if a.taken, dropped = a.refusals.Take(); dropped > 0 {
			a.log.WarnContext(ctx, "too many calls were refused for all to be in the activity log", "dropped", dropped)
		}
	}
	if len(a.taken) == 0 {
		return nil
	}
	err := a.pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error { return WriteActivity(ctx, tx, a.name, a.taken...) })
	if err == nil {
		a.taken = nil
	}
	return err
}
