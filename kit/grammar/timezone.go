package grammar

import (
	"strings"
	"time"
	_ "time/tzdata" // an image has no list of its own

	"github.com/shopmesh/shopmesh/kit/fault"
)

// TimeZone checks the name of a time zone: one of the IANA's list, such as "Europe/Berlin", or
// "UTC". What a machine's own folder holds beside these is none.
func TimeZone(name string) error {
	_, err := time.LoadLocation(name)
	first, _, _ := strings.Cut(name, "/")
	switch first {
	case "", "Local", "localtime", "posix", "posixrules", "right", "Factory":
	default:
		if err == nil {
			return nil
		}
	}
	return fault.Breach(fault.RuleTimeZone, `%q is no time zone: use a name of the IANA's list such as "Europe/Berlin" or "UTC"`, name)
}
