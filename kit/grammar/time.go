package grammar

import (
	"regexp"
	"time"

	"github.com/shopmesh/shopmesh/kit/fault"
)

var (
	errTime   = fault.Breach(fault.RuleMalformed, `must be an RFC 3339 time, such as "2026-11-22T10:00:00Z" or "2026-11-22T11:00:00.5+01:00"`)
	errOffset = fault.Breach(fault.RuleMalformed, "must have an offset from -15:59 to +15:59, or Z for UTC")
	errYear   = fault.Breach(fault.RuleOutOfRange, "must be between the years 1 and 9999 in UTC")
)

// timePattern is RFC 3339's date-time with at most nanoseconds. time.Parse alone
// would also take a comma before the fraction and one digit for the hour.
var timePattern = regexp.MustCompile(
	`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|([+-])(\d\d):(\d\d))$`)

// Time reads an RFC 3339 time and returns it in UTC. An offset is smaller than 16
// hours either way, as PostgreSQL has it: no place on earth was ever further from
// UTC than 15:13:42.
func Time(text string) (time.Time, error) {
	// The longest that the pattern takes has 35 bytes.
	if len(text) > 35 {
		return time.Time{}, errTime
	}
	parts := timePattern.FindStringSubmatch(text)
	if parts == nil {
		return time.Time{}, errTime
	}
	if parts[2] > "15" || parts[3] > "59" {
		return time.Time{}, errOffset
	}
	read, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, errTime
	}
	read = read.UTC()
	if read.Year() < 1 || read.Year() > 9999 {
		return time.Time{}, errYear
	}
	return read, nil
}
