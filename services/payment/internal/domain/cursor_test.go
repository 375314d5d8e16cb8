package domain_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

const month = 30 * 24 * time.Hour

func TestAListOfEventsIsReadAgainFromALittleBeforeTheCursor(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for name, row := range map[string]struct {
		at, from time.Time
		gap      bool
	}{
		"as usual":                  {now.Add(-5 * time.Minute), now.Add(-20 * time.Minute), false},
		"just before it is too old": {now.Add(-month), now.Add(-month), false},
		"after it is too old":       {now.Add(-month - time.Second), now.Add(-month), true},
		"our clock was ahead":       {now.Add(time.Minute), now.Add(-14 * time.Minute), false},
	} {
		from, to, gap := domain.Cursor{Provider: "stripe", EventTime: row.at}.Window(now, month)
		if !from.Equal(row.from) || !to.Equal(now) || (gap != "") != row.gap {
			t.Errorf("%s: from %s to %s, gap %q", name, from, to, gap)
		}
	}
}

func TestAListThatCannotBeReadIsReadLessAndLessOften(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	c := domain.Cursor{Provider: "stripe", EventTime: now}
	var waits []time.Duration
	for range 12 {
		c = c.Failed(now, 5*time.Minute, "no answer")
		waits = append(waits, c.Due.Sub(now))
	}
	if waits[0] != 10*time.Second || waits[3] != 80*time.Second || waits[11] != time.Hour || c.Failures != 12 {
		t.Errorf("it waits %v", waits)
	}
	if err := c.Behind(now.Add(15*time.Minute), 5*time.Minute); err != nil {
		t.Errorf("too early: %v", err)
	}
	if err := c.Behind(now.Add(16*time.Minute), 5*time.Minute); err == nil || !strings.Contains(err.Error(), "until 2026-05-01 12:00:00 only") || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("behind: %v", err)
	}
	if c = c.Advanced(now.Add(-time.Hour)); !c.EventTime.Equal(now) {
		t.Errorf("it went back to %s", c.EventTime)
	}
	if c = c.Read(now, 5*time.Minute, ""); c.Failures != 0 || c.Cause != "" || !c.ReadTime.Equal(now) || !c.Due.Equal(now.Add(5*time.Minute)) {
		t.Errorf("after it was read: %+v", c)
	}
}
