package domain

import "time"

const (
	// freeFailures is how many sign-ins may fail before the next one has to wait.
	freeFailures = 5
	// firstWait doubles with each further failure, up to longestWait.
	firstWait   = time.Second
	longestWait = 15 * time.Minute
	// dailyFailures is how many sign-ins to one address may fail within a day, from all
	// address prefixes together, before prefixes from which nobody signed in to it are refused;
	// why not devices is in decision 51.
	dailyFailures = 100
	// failureLife is how long failures count.
	failureLife = 24 * time.Hour
)

// Failures are failed sign-ins in a row: to one e-mail address from one address prefix, or
// to one e-mail address from everywhere.
type Failures struct {
	Count int
	// Since is when the first of them was, Last when the last.
	Since, Last time.Time
}

// counted returns the failures that still count.
func (f Failures) counted(now time.Time) Failures {
	if now.Sub(f.Since) >= failureLife {
		return Failures{}
	}
	return f
}

// Add returns the failures with one more.
func (f Failures) Add(now time.Time) Failures {
	f = f.counted(now)
	if f.Count == 0 {
		f.Since = now
	}
	f.Count++
	f.Last = now
	return f
}

// Wait returns how long the next sign-in from this address prefix has to wait; 0 when it need not.
func (f Failures) Wait(now time.Time) time.Duration {
	f = f.counted(now)
	if f.Count < freeFailures {
		return 0
	}
	wait := firstWait << min(f.Count-freeFailures, 20)
	return max(0, f.Last.Add(min(wait, longestWait)).Sub(now))
}

// MaySignIn decides about a sign-in by what failed before: here from this address prefix, all
// from everywhere. known reports that somebody signed in to the address from here
// before. It decides alike about addresses that nobody has, and before the password is
// looked at. Errors: RATE_LIMITED.
//
// The wait belongs to an address prefix, so nobody locks an owner out from elsewhere. Many
// prefixes together get a hundred guesses a day; then only known prefixes may sign in, and
// whoever follows a link mailed to the address.
func MaySignIn(here, everywhere Failures, known bool, now time.Time) error {
	if wait := here.Wait(now); wait > 0 {
		return ErrTooManyFailures(wait)
	}
	if everywhere = everywhere.counted(now); everywhere.Count >= dailyFailures && !known {
		return ErrTooManyFailures(everywhere.Since.Add(failureLife).Sub(now))
	}
	return nil
}

// ForgetFailuresBefore returns the time before which failures do not count any more.
func ForgetFailuresBefore(now time.Time) time.Time { return now.Add(-failureLife) }
