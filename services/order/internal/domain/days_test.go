package domain_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

func zoneNamed(t interface{ Fatal(...any) }, name string) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// Days on which clocks are set have 23 or 25 hours, also where midnight does not exist or
// comes twice.
func TestDaysBeginWhenTheirZoneSaysSo(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ zone, day, begin, hours string }{
		{"UTC", "2026-11-30", "2026-11-30T00:00:00Z", "24h0m0s"},
		{"Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z", "23h0m0s"},
		{"Europe/Berlin", "2026-10-25", "2026-10-24T22:00:00Z", "25h0m0s"},
		{"America/Santiago", "2026-09-06", "2026-09-06T04:00:00Z", "23h0m0s"}, // it begins at one
		{"America/Santiago", "2026-04-04", "2026-04-04T03:00:00Z", "25h0m0s"}, // its last hour comes twice
		{"America/Havana", "2026-11-01", "2026-11-01T04:00:00Z", "25h0m0s"},   // its first hour comes twice
		{"Asia/Kathmandu", "2026-11-30", "2026-11-29T18:15:00Z", "24h0m0s"},
		{"Pacific/Kiritimati", "2026-11-30", "2026-11-29T10:00:00Z", "24h0m0s"},
		{"Pacific/Apia", "2011-12-30", "2011-12-30T10:00:00Z", "0s"}, // it was left out
	} {
		days, err := domain.NewDays(row.day, row.day, zoneNamed(t, row.zone), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		bounds := days.Bounds()
		if begin, hours := bounds[0].Format(time.RFC3339), bounds[1].Sub(bounds[0]).String(); len(bounds) != 2 || begin != row.begin || hours != row.hours {
			t.Errorf("%s in %s begins at %s and has %s, want %s and %s", row.day, row.zone, begin, hours, row.begin, row.hours)
		}
	}
}

// Every instant belongs to the day that a clock of the zone shows.
func TestAnInstantBelongsToTheDayOfItsClock(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := zoneNamed(t, rapid.SampledFrom([]string{"Europe/Berlin", "America/Santiago", "America/Havana", "Australia/Lord_Howe", "Asia/Gaza", "UTC"}).Draw(t, "zone"))
		at := time.Unix(rapid.Int64Range(1_704_067_200, 1_893_456_000).Draw(t, "time"), 0).In(zone)
		date := at.Format(time.DateOnly)
		days, err := domain.NewDays(date, date, zone, at)
		if err != nil {
			t.Fatal(err)
		}
		if bounds := days.Bounds(); at.Before(bounds[0]) || !at.Before(bounds[1]) {
			t.Fatalf("%s is not within %v", at, bounds)
		}
	})
}

func TestDaysByDefaultEndToday(t *testing.T) {
	t.Parallel()
	berlin := zoneNamed(t, "Europe/Berlin")
	now := time.Date(2026, 11, 30, 23, 30, 0, 0, time.UTC) // the first of December in Berlin
	for _, row := range []struct{ first, last, want string }{
		{"", "", "2026-11-02 2026-12-01 30"},
		{"", "2026-03-01", "2026-01-31 2026-03-01 30"},
		{"2026-11-30", "", "2026-11-30 2026-12-01 2"},
		{"2026-09-01", "2026-12-01", "2026-09-01 2026-12-01 92"},
	} {
		days, err := domain.NewDays(row.first, row.last, berlin, now)
		if err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(days.Date(0), " ", days.Date(days.Len()-1), " ", days.Len()); got != row.want {
			t.Errorf("from %q to %q: %s, want %s", row.first, row.last, got, row.want)
		}
	}
	for _, row := range []struct{ first, last, field string }{
		{"2026-02-30", "2026-03-01", "start_date"}, {"", "1999-12-31", "end_date"},
		{"2026-12-02", "2026-12-01", "start_date"}, {"2026-08-31", "2026-12-01", "start_date"},
	} {
		_, err := domain.NewDays(row.first, row.last, berlin, now)
		found, ok := fault.Of(err)
		if !ok || found.Reason() != fault.ReasonInvalidField || found.Violations()[0].Field != row.field {
			t.Errorf("from %q to %q: %v, want a violation of %s", row.first, row.last, err, row.field)
		}
	}
}
