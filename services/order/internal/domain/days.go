package domain

import (
	"fmt"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// MaxDays is how many days a summary has at most, and defaultDays how many by default.
const (
	MaxDays     = 92
	defaultDays = 30
)

// Days are consecutive days of a time zone.
type Days struct {
	zone  *time.Location
	first time.Time // midnight of the first day in UTC, where every day has 24 hours
	count int
}

// NewDays returns the days from first to last, both written as 2006-01-02. Without last it
// is the day of now, and without first defaultDays end with last. It refuses what is no day,
// no day at all, and more than MaxDays: INVALID_FIELD.
func NewDays(first, last string, zone *time.Location, now time.Time) (Days, error) {
	var wrong []fault.Violation
	read := func(field, text string, otherwise time.Time) time.Time {
		if text == "" {
			return otherwise
		}
		day, err := time.Parse(time.DateOnly, text)
		if err != nil || day.Year() < 2000 {
			wrong = append(wrong, fault.Violation{Field: field, Description: fmt.Sprintf("must be a day since 2000, such as 2026-11-30, is %q", fault.Cut(text, 20))})
			return otherwise
		}
		return day
	}
	year, month, day := now.In(zone).Date()
	to := read("end_date", last, time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
	from := read("start_date", first, to.AddDate(0, 0, 1-defaultDays))
	count := int(to.Sub(from)/(24*time.Hour)) + 1
	switch {
	case len(wrong) > 0:
	case count < 1:
		wrong = append(wrong, fault.Violation{Field: "start_date", Description: fmt.Sprintf("must not be behind the last day, %s", to.Format(time.DateOnly))})
	case count > MaxDays:
		wrong = append(wrong, fault.Violation{Field: "start_date", Description: fmt.Sprintf("at most %d days are summed up at once, these are %d", MaxDays, count)})
	}
	if broken := fault.Fields(wrong...); broken != nil {
		return Days{}, broken
	}
	return Days{zone: zone, first: from, count: count}, nil
}

// Zone returns the time zone of the days.
func (d Days) Zone() *time.Location { return d.zone }

// Len returns how many days there are.
func (d Days) Len() int { return d.count }

// Date returns the n-th day, from 0, as 2006-01-02.
func (d Days) Date(n int) string { return d.first.AddDate(0, 0, n).Format(time.DateOnly) }

// Bounds returns when each day begins, and behind them when the last one ends.
func (d Days) Bounds() []time.Time {
	bounds := make([]time.Time, d.count+1)
	for n := range bounds {
		bounds[n] = beginOf(d.first.AddDate(0, 0, n), d.zone)
	}
	return bounds
}

// beginOf returns the first instant of a day, which is given as its midnight in UTC. It need
// not be midnight: in some zones clocks are set at that hour, so that it does not exist or
// comes twice, of which time.Date picks either.
func beginOf(day time.Time, zone *time.Location) time.Time {
	at := day.Add(-15 * time.Hour).In(zone) // no zone is ahead of UTC by as much
	for {
		if !midnight(at).Before(day) {
			return at.UTC() // clocks were set forward to a time of this day
		}
		_, offset := at.Zone()
		begin := day.Add(-time.Duration(offset) * time.Second)
		_, end := at.ZoneBounds()
		if end.IsZero() || begin.Before(end) {
			return begin
		}
		at = end
	}
}

// midnight returns the midnight in UTC of the day that a clock of a zone shows.
func midnight(at time.Time) time.Time {
	year, month, day := at.Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
