package main

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"testing"
)

// The pattern matches each number within the bounds, and none beyond them.
func TestDigitsAreTheNumbersWithinTheBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ low, high int64 }{{0, 0}, {0, 9}, {0, 10}, {1, 90}, {0, 199}, {0, 907}, {-130, 95}, {-1, 1000}} {
		pattern := regexp.MustCompile(digits(c.low, c.high))
		for n := c.low - 2000; n < c.high+2000; n++ {
			if got, want := pattern.MatchString(strconv.FormatInt(n, 10)), n >= c.low && n <= c.high; got != want {
				t.Errorf("%s matches %d: %t, want %t", pattern, n, got, want)
			}
		}
		for _, text := range []string{"", "-", "00", "01", "+1", "1.0", "1e1", " 1"} {
			if pattern.MatchString(text) {
				t.Errorf("%s matches %q", pattern, text)
			}
		}
	}
}

func TestDigitsHaveTheBoundsOf64Bits(t *testing.T) {
	t.Parallel()
	pattern := regexp.MustCompile(digits(math.MinInt64, math.MaxInt64))
	for _, bound := range []int64{math.MinInt64, math.MaxInt64} {
		for step := int64(-3); step <= 3; step++ {
			n := new(big.Int).Add(big.NewInt(bound), big.NewInt(step))
			if got, want := pattern.MatchString(n.String()), n.IsInt64(); got != want {
				t.Errorf("matches %s: %t, want %t", n, got, want)
			}
		}
	}
}
