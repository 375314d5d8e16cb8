//go:build timing

package app_test

import (
	"fmt"
	"math"
	"testing"
	"time"
)

// Attack 22: a thousand sign-ins of a known and of an unknown address take the same time,
// within what they differ among themselves. Measuring takes minutes and a machine that
// does nothing else, hence the build tag (`make test-timing`);
// TestUnknownEmailAnswersAlikeOnEveryDoor shows why it holds.
func TestSignInsOfKnownAndUnknownAddressesTakeTheSame(t *testing.T) {
	const n = 1000
	h := newHarness(t)
	h.signUp("known@example.com")
	measure := func(address string, i int) float64 {
		begun := time.Now()
		_, err := h.signIn(address, "a wrong password", fmt.Sprint("prefix ", i))
		wants(t, address, err, "CREDENTIALS_INVALID")
		return float64(time.Since(begun).Microseconds())
	}
	var known, unknown sample
	for i := range n {
		if i%90 == 0 {
			h.after(25 * time.Hour) // the failures of a day count no more
		}
		// In turns, and each first as often as the other: what drifts is the same for both.
		if i%2 == 0 {
			known.add(measure("known@example.com", i))
			unknown.add(measure("unknown@example.com", i))
		} else {
			unknown.add(measure("unknown@example.com", i))
			known.add(measure("known@example.com", i))
		}
	}
	difference := known.mean() - unknown.mean()
	noise := math.Sqrt(known.variance()/n + unknown.variance()/n) // of the difference (Welch)
	t.Logf("known %.0f µs, unknown %.0f µs, difference %.0f µs, its standard error %.0f µs", known.mean(), unknown.mean(), difference, noise)
	if math.Abs(difference) > 3.3*noise { // one run in a thousand by chance
		t.Errorf("known and unknown addresses differ by %.0f µs, more than the noise of %.0f µs", difference, noise)
	}
}

type sample struct{ n, sum, squares float64 }

func (s *sample) add(x float64) { s.n, s.sum, s.squares = s.n+1, s.sum+x, s.squares+x*x }

func (s *sample) mean() float64 { return s.sum / s.n }

func (s *sample) variance() float64 { return (s.squares - s.sum*s.sum/s.n) / (s.n - 1) }
