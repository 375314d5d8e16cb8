package domain

import (
	"fmt"
	"time"
)

const (
	// CursorOverlap is how far before the cursor a list of events is read again: an event
	// may be listed late, and the provider's clock may differ from ours by as much.
	CursorOverlap = 15 * time.Minute
	// CursorLease is how long a process may keep a cursor to itself between two saves.
	CursorLease = 10 * time.Minute

	firstCursorRetry = 10 * time.Second
	maxCursorRetry   = time.Hour
	// behindAfter is after how many intervals without a complete reading the books are
	// behind.
	behindAfter = 3
)

// Cursor is how far a provider's list of events was read.
type Cursor struct {
	Provider string
	// EventTime: every event up to it was applied.
	EventTime time.Time
	// Due is when the list is read next; while it is read, the end of the reader's lease.
	Due time.Time
	// ReadTime is when the list was last read to its end; zero before.
	ReadTime time.Time
	// Failures counts the readings that failed in a row, and Cause is why the last one did.
	Failures int32
	Cause    string
}

// Window returns from when to when the list is to be read, and the gap that can't be read
// any more because the provider keeps events for so long only; none is empty.
func (c Cursor) Window(now time.Time, kept time.Duration) (from, to time.Time, gap string) {
	from, to = c.EventTime.Add(-CursorOverlap), now
	oldest := now.Add(-kept)
	if c.EventTime.Before(oldest) {
		gap = fmt.Sprintf("what others did at %s from %s to %s is not known: its list of events reaches back no further; "+
			"compare the refunds and disputes of these days with the books", c.Provider, c.EventTime.UTC().Format(time.DateTime), oldest.UTC().Format(time.DateTime))
	}
	if from.Before(oldest) {
		from = oldest
	}
	return from, to, gap
}

// Advanced is the cursor after every event up to a time was applied; it never goes back.
func (c Cursor) Advanced(to time.Time) Cursor {
	if to.After(c.EventTime) {
		c.EventTime = to
	}
	return c
}

// Read is the cursor after a reading without a failure. Cause is why it is to be read
// again from an earlier time, empty when the end was reached.
func (c Cursor) Read(now time.Time, interval time.Duration, cause string) Cursor {
	c.Due, c.Failures, c.Cause = now.Add(interval), 0, cut(cause, MaxDetail)
	if cause == "" {
		c.ReadTime = now
	}
	return c
}

// Failed is the cursor after a reading that failed: it is read again after some seconds,
// doubled with each failure up to an hour, and no sooner than the owner's interval when
// that is shorter.
func (c Cursor) Failed(now time.Time, interval time.Duration, cause string) Cursor {
	wait := min(firstCursorRetry, interval)
	for range min(c.Failures, 30) {
		if wait >= maxCursorRetry {
			break
		}
		wait *= 2
	}
	c.Failures++
	c.Due, c.Cause = now.Add(min(wait, max(maxCursorRetry, interval))), cut(cause, MaxDetail)
	return c
}

// Behind is why what others did at the provider may be missing from the books; nil when
// the list was read to its end of late.
func (c Cursor) Behind(now time.Time, interval time.Duration) error {
	if now.Sub(c.EventTime) <= behindAfter*interval {
		return nil
	}
	cause := c.Cause
	if cause == "" {
		cause = "the list is still to be read"
	}
	return fmt.Errorf("what others did at %s is known until %s only, refunds and disputes may be missing: %s",
		c.Provider, c.EventTime.UTC().Format(time.DateTime), cause)
}
