package domain

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
)

// maxRetryDelay is where the doubling of the delay ends.
const maxRetryDelay = 15 * time.Minute

// maxResult bounds what is kept of a mail server's answer, in characters.
const maxResult = 500

// RetryPolicy is when a mail that was not taken is tried again, and for how long.
type RetryPolicy struct {
	// RetryAfter is the delay after the first failed attempt; it doubles with each
	// one, up to 15 minutes.
	RetryAfter time.Duration
	// GiveUpAfter is how long a mail is tried.
	GiveUpAfter time.Duration
}

// Delay is how long to wait after the given number of failed attempts, from 1.
func (p RetryPolicy) Delay(failed int) time.Duration {
	delay := p.RetryAfter
	for range failed - 1 {
		if delay >= maxRetryDelay {
			break
		}
		delay *= 2
	}
	// A first delay that is longer than the limit is the owner's wish.
	return max(p.RetryAfter, min(delay, maxRetryDelay))
}

// maxLinkWait is how long a mail waits for the link to the order that it is about.
const maxLinkWait = 10 * time.Minute

// WaitsForLink reports whether a mail about an order is rather tried again later than sent
// without the link to it, while that can't be had. It waits for ten minutes, and for half of
// the time in which it is tried at most: what it is about matters more than the link, and an
// attempt that is decided before the mail is given up may be recorded after that.
func (p RetryPolicy) WaitsForLink(requested, now time.Time) bool {
	return now.Before(requested.Add(min(maxLinkWait, p.GiveUpAfter/2)))
}

// Outcome is how one attempt to hand a mail to the mail server ended.
type Outcome struct {
	NotificationID uuid.UUID
	// Resends is the mail's when the attempt was made: what was sent then is not
	// what a later resending requests.
	Resends  int
	Accepted bool
	// Permanent reports that the mail server refused the mail for good.
	Permanent bool
	// Result is what it answered, or what went wrong.
	Result string
	// Recipient is masked in Result.
	Recipient string
	Time      time.Time
	TraceID   string
}

// Attempt is a row of a mail's attempts.
type Attempt struct {
	NotificationID uuid.UUID
	Number         int
	Accepted       bool
	Result         string
	Time           time.Time
	TraceID        string
}

// Record decides what follows from an attempt: the mail is sent; it is tried again
// later; or it failed, because the mail server refused it for good or it was tried
// for long enough. An attempt that a mail was no longer waiting for, because it
// ended or was requested again meanwhile, is kept and changes nothing else.
func (m Mail) Record(o Outcome, p RetryPolicy) (Mail, Attempt, *Event) {
	m.s.Attempts++
	result := Clean(o.Result, o.Recipient)
	attempt := Attempt{
		NotificationID: m.s.ID, Number: m.s.Attempts, Accepted: o.Accepted, Result: result, Time: o.Time, TraceID: o.TraceID,
	}
	if m.s.Status != Pending || m.s.Resends != o.Resends {
		return m, attempt, nil
	}
	if o.Accepted {
		m.s.SendTime = o.Time
		m.end(Sent, "", o.Time)
		return m, attempt, m.s.outcome()
	}
	m.s.Retries++
	next := o.Time.Add(p.Delay(m.s.Retries))
	switch giveUp := m.s.RequestedTime.Add(p.GiveUpAfter); {
	case o.Permanent:
		m.end(Failed, result, o.Time)
	case !o.Time.Before(giveUp):
		m.end(Failed, truncate(fmt.Sprintf("given up after %s: %s", p.GiveUpAfter, result)), o.Time)
	case next.After(giveUp):
		// The last attempt comes when time is up, not some time after.
		m.s.DueTime = giveUp
	default:
		m.s.DueTime = next
	}
	return m, attempt, m.s.outcome()
}

// masked stands for an address.
const masked = "[address]"

// address is what looks like an e-mail address, with its quotes, whatever surrounds it.
var address = regexp.MustCompile(`("[^"]*"|[^\s<>"'(),;:]+)@[^\s<>"'(),;:]+`)

// Clean makes one line of what a mail server answered, without the recipient and other
// addresses that it may repeat, at most 500 characters long, and never empty.
func Clean(result, recipient string) string {
	if recipient != "" {
		result = strings.ReplaceAll(result, recipient, masked)
	}
	result = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || unicode.IsControl(r) {
			return ' '
		}
		return r
	}, result)
	result = strings.Join(strings.Fields(result), " ")
	if strings.Contains(result, "@") {
		result = address.ReplaceAllString(result, masked)
	}
	if result == "" {
		return "no answer"
	}
	return truncate(result)
}

func truncate(text string) string {
	if utf8.RuneCountInString(text) <= maxResult {
		return text
	}
	return string([]rune(text)[:maxResult-1]) + "…"
}
