package limit

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// MaxQuota bounds a rate's quota.
const MaxQuota = 10_000_000

// windows are the windows that a rate is written with.
func windows() map[string]time.Duration {
	return map[string]time.Duration{"s": time.Second, "min": time.Minute, "h": time.Hour}
}

// ParseRate reads a rate such as 6000/min, with the windows s, min and h; "off" is the
// zero Rate.
func ParseRate(text string) (Rate, error) {
	if text == "off" {
		return Rate{}, nil
	}
	quota, unit, _ := strings.Cut(text, "/")
	window, ok := windows()[unit]
	n, err := strconv.Atoi(quota)
	if !ok || err != nil || n < 1 || n > MaxQuota {
		return Rate{}, fmt.Errorf("%q is no rate: write 1 to %d per s, min or h, such as 6000/min, or off", text, MaxQuota)
	}
	return Rate{Quota: n, Window: window}, nil
}

// String is the rate as ParseRate reads it.
func (r Rate) String() string {
	if !r.Bounds() {
		return "off"
	}
	for unit, window := range windows() {
		if window == r.Window {
			return strconv.Itoa(r.Quota) + "/" + unit
		}
	}
	return strconv.Itoa(r.Quota) + "/" + r.Window.String()
}
