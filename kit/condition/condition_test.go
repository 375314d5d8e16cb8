package condition_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shopmesh/shopmesh/kit/condition"
)

// A condition that is noted a thousand times a minute for ten minutes is logged ten
// times, and its end once.
func TestALongConditionIsLoggedOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		away := condition.New(slog.New(slog.NewTextHandler(&log, nil)), "events wait")
		for range 10_000 {
			away.Note(t.Context(), errors.New("no broker"), "broker", "b:1")
			<-time.After(60 * time.Millisecond)
		}
		if err := away.Err(time.Minute); err == nil || err.Error() != "events wait: no broker" {
			t.Errorf("it reports %v", err)
		}
		if err := away.Err(time.Hour); err != nil {
			t.Errorf("after ten minutes it counts as an hour old: %v", err)
		}
		away.Over(t.Context())
		away.Over(t.Context())
		if err := away.Err(0); err != nil {
			t.Errorf("it is over: %v", err)
		}
		if n := strings.Count(log.String(), "\n"); n != 11 {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
		if !strings.Contains(log.String(), `broker=b:1`) || !strings.Contains(log.String(), "it is over: events wait") || !strings.Contains(log.String(), "after=10m0s") {
			t.Errorf("the log is:\n%s", log.String())
		}
	})
}

// One that comes and goes is not logged each time; one that comes again much later is.
func TestAFlappingConditionIsNoFlood(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		away := condition.New(slog.New(slog.NewTextHandler(&log, nil)), "events wait")
		for range 60 {
			away.Note(t.Context(), errors.New("no broker"))
			away.Over(t.Context())
			<-time.After(time.Second)
		}
		if n := strings.Count(log.String(), "\n"); n > 4 {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
		<-time.After(20 * time.Second)
		before := strings.Count(log.String(), "\n")
		away.Note(t.Context(), errors.New("no broker"))
		if strings.Count(log.String(), "\n") != before+1 {
			t.Errorf("a new condition is not logged:\n%s", log.String())
		}
		<-time.After(3 * time.Second)
		away.OverAfter(t.Context(), 5*time.Second)
		if away.Err(0) == nil {
			t.Error("over too early")
		}
		<-time.After(3 * time.Second)
		away.OverAfter(t.Context(), 5*time.Second)
		if away.Err(0) != nil {
			t.Error("not over")
		}
	})
}

// What begins with one cause and goes on with another is logged with both, and at most
// twice a minute however often the cause changes.
func TestAnotherCauseIsLoggedAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		away := condition.New(slog.New(slog.NewTextHandler(&log, nil)), "events wait")
		away.Note(t.Context(), errors.New("it broke"))
		for range 100 {
			away.Note(t.Context(), errors.New("the certificate is old"))
		}
		if n := strings.Count(log.String(), "\n"); n != 2 || strings.Count(log.String(), "the certificate is old") != 1 {
			t.Errorf("%d lines:\n%s", n, log.String())
		}
		for n := range 3000 {
			<-time.After(100 * time.Millisecond)
			away.Note(t.Context(), fmt.Errorf("cause %d", n))
		}
		if n := strings.Count(log.String(), "\n"); n != 11 {
			t.Errorf("%d lines in five minutes:\n%s", n, log.String())
		}
	})
}

// An error begins the condition and its absence ends it. What fails because the process
// stops does neither.
func TestNotice(t *testing.T) {
	t.Parallel()
	away := condition.New(slog.New(slog.DiscardHandler), "events wait")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	away.Notice(ended, errors.New("no broker"))
	if err := away.Err(0); err != nil {
		t.Errorf("as the process stops: %v", err)
	}
	away.Notice(t.Context(), errors.New("no broker"))
	if away.Err(0) == nil {
		t.Error("not noticed")
	}
	away.Notice(t.Context(), nil)
	if err := away.Err(0); err != nil {
		t.Errorf("over: %v", err)
	}
}
