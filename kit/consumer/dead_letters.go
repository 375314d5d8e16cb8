package consumer

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/trace"
)

// DeadLetter is an event that could not be applied, or one that waits
// behind such an event of its key.
type DeadLetter struct {
	// ID identifies the dead letter within its context, and orders the dead letters of a key.
	ID    int64
	Group string
	// Event is the event as it was read. Its key is uuid.Nil when the record was no
	// event that could be understood.
	Event Event
	// Cause is why it could not be applied; empty when it only waits.
	Cause      string
	CreateTime time.Time
}

const deadLetterColumns = `id, consumer_group, topic, partition, record_offset, key, event_id, event_type,
	version, event_time, value, traceparent, cause, create_time`

func scanDeadLetter(row pgx.CollectableRow) (DeadLetter, error) {
	var l DeadLetter
	var traceparent string
	e := &l.Event
	err := row.Scan(&l.ID, &l.Group, &e.Topic, &e.Partition, &e.Offset, &e.Key, &e.ID, &e.Type,
		&e.Version, &e.Time, &e.Payload, &traceparent, &l.Cause, &l.CreateTime)
	e.Traceparent, e.Span = trace.Read(traceparent)
	return l, err
}

// List returns up to limit dead letters of the group with an id above after, oldest first.
func (c *Consumer) List(ctx context.Context, after int64, limit int) ([]DeadLetter, error) {
	rows, err := c.pool.Query(ctx, `select `+deadLetterColumns+` from dead_letters
		where consumer_group = $1 and id > $2 order by id limit $3`, c.group, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list dead letters of %s: %w", c.group, err)
	}
	deadLetters, err := pgx.CollectRows(rows, scanDeadLetter)
	if err != nil {
		return nil, fmt.Errorf("list dead letters of %s: %w", c.group, err)
	}
	return deadLetters, nil
}

// Get returns one dead letter of the group; found is false when there is none of the id.
func (c *Consumer) Get(ctx context.Context, id int64) (deadLetter DeadLetter, found bool, err error) {
	rows, err := c.pool.Query(ctx, `select `+deadLetterColumns+` from dead_letters
		where consumer_group = $1 and id = $2`, c.group, id)
	if err == nil {
		deadLetter, err = pgx.CollectExactlyOneRow(rows, scanDeadLetter)
	}
	if pg.IsNoRows(err) {
		return DeadLetter{}, false, nil
	}
	if err != nil {
		return DeadLetter{}, false, fmt.Errorf("read dead letter %d of %s: %w", id, c.group, err)
	}
	return deadLetter, true, nil
}

// Count is how many dead letters the group has.
func (c *Consumer) Count(ctx context.Context) (int64, error) {
	var n int64
	if err := c.pool.QueryRow(ctx, `select count(*) from dead_letters where consumer_group = $1`, c.group).Scan(&n); err != nil {
		return 0, fmt.Errorf("count dead letters of %s: %w", c.group, err)
	}
	return n, nil
}

// Redriven counts what a redrive did.
type Redriven struct {
	// Applied dead letters are gone.
	Applied int64
	// Remaining dead letters were named and stay, because one of their key failed
	// again; that one has the new cause.
	Remaining int64
}

// Redrive applies the keys of the dead letters named again, in the order in which their
// events arrived; without ids, the keys of all dead letters. The dead letters of a key
// are applied together, up to the first that fails. Ids that no longer exist are ignored.
// It works on any member of the group, also while Run does not run.
func (c *Consumer) Redrive(ctx context.Context, ids ...int64) (Redriven, error) {
	var sum Redriven
	keys, err := c.quarantinedKeys(ctx, ids)
	if err != nil {
		return sum, err
	}
	for _, k := range keys {
		done, err := c.redriveKey(ctx, k)
		sum.Applied += done.Applied
		sum.Remaining += done.Remaining
		if err != nil {
			return sum, fmt.Errorf("redrive %s of %s: %w", k.key, k.topic, err)
		}
	}
	return sum, nil
}

// place is where dead letters that are redriven together come from. Dead letters of the nil
// key are apart from each other.
type place struct {
	quarantinedKey
	only int64 // the dead letter's id, for the nil key
}

func (c *Consumer) quarantinedKeys(ctx context.Context, ids []int64) ([]place, error) {
	rows, err := c.pool.Query(ctx, `
		select topic, key, case when key = $3 then id else 0 end as only
		from dead_letters
		where consumer_group = $1 and ($2::bigint[] is null or id = any($2::bigint[]))
		group by 1, 2, 3 order by min(id)`, c.group, ids, uuid.Nil)
	if err != nil {
		return nil, fmt.Errorf("find dead letters of %s: %w", c.group, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (p place, err error) {
		err = row.Scan(&p.topic, &p.key, &p.only)
		return p, err
	})
}

func (c *Consumer) redriveKey(ctx context.Context, p place) (Redriven, error) {
	var sum Redriven
	for {
		deadLetter, rest, err := c.redriveFirst(ctx, p)
		if err == nil && deadLetter == nil {
			return sum, nil
		}
		if err == nil {
			sum.Applied++
			c.log.InfoContext(ctx, "a dead letter was applied", "id", deadLetter.ID, "event", deadLetter.Event.ID, "topic", deadLetter.Event.Topic)
			continue
		}
		if deadLetter == nil || transient(err) {
			return sum, err
		}
		sum.Remaining = rest
		c.log.WarnContext(ctx, "a dead letter fails again; its key waits", "id", deadLetter.ID, "event", deadLetter.Event.ID,
			"topic", deadLetter.Event.Topic, "error", err)
		_, uerr := c.pool.Exec(ctx, `update dead_letters set cause = $2 where id = $1`, deadLetter.ID, text(err.Error()))
		return sum, uerr
	}
}

// redriveFirst applies a key's first dead letter in a transaction of its own. The key
// stays quarantined until its last dead letter is gone: the others, and events that
// arrive meanwhile, keep waiting. rest is how many dead letters the key had, this one
// included.
func (c *Consumer) redriveFirst(ctx context.Context, p place) (deadLetter *DeadLetter, rest int64, err error) {
	err = c.pool.Hot().InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		deadLetter, rest = nil, 0
		if _, err := tx.Exec(ctx, `select pg_advisory_xact_lock($1, hashtext($2))`, lockClass, c.group); err != nil {
			return err
		}
		deadLetters, err := c.deadLettersOf(ctx, tx, p)
		if err != nil {
			return err
		}
		if len(deadLetters) == 0 {
			activity.Unchanged(ctx)
			return nil
		}
		recordDeadLetter(ctx, deadLetters[0])
		deadLetter, rest = &deadLetters[0], int64(len(deadLetters))
		if deadLetter.Event.Key == uuid.Nil {
			return errors.New(deadLetter.Cause) // it was no event then, and is none now
		}
		if _, err := tx.Exec(ctx, `delete from dead_letters where id = $1`, deadLetter.ID); err != nil {
			return err
		}
		return c.call(ctx, tx, []Event{deadLetter.Event})
	})
	return deadLetter, rest, err
}

func (c *Consumer) deadLettersOf(ctx context.Context, tx *pg.Tx, p place) ([]DeadLetter, error) {
	rows, err := tx.Query(ctx, `select `+deadLetterColumns+` from dead_letters
		where consumer_group = $1 and topic = $2 and key = $3 and ($4 = 0 or id = $4)
		order by id limit 1000`, c.group, p.topic, p.key, p.only)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanDeadLetter)
}

// Discard drops the dead letters named, for good, and returns those that there were.
// Dead letters that wait behind them are applied by the next redrive.
func (c *Consumer) Discard(ctx context.Context, ids ...int64) ([]DeadLetter, error) {
	var dropped []DeadLetter
	err := c.pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		rows, err := tx.Query(ctx, `delete from dead_letters where consumer_group = $1 and id = any($2::bigint[])
			returning `+deadLetterColumns, c.group, ids)
		if err != nil {
			return err
		}
		if dropped, err = pgx.CollectRows(rows, scanDeadLetter); err != nil {
			return err
		}
		if len(dropped) == 0 {
			activity.Unchanged(ctx)
		}
		for _, deadLetter := range dropped {
			recordDeadLetter(ctx, deadLetter)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("discard dead letters of %s: %w", c.group, err)
	}
	return dropped, nil
}

// recordDeadLetter notes for the activity log that a dead letter is redriven or discarded.
func recordDeadLetter(ctx context.Context, deadLetter DeadLetter) {
	activity.Changed(ctx, "deadLetters/"+strconv.FormatInt(deadLetter.ID, 10), nil, nil)
}

// text is s as PostgreSQL can store it, at most 8 kB: a cause may quote anything.
func text(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "␀"), "�")
	if len(s) > 8192 {
		s = strings.ToValidUTF8(s[:8192], "")
	}
	return s
}
