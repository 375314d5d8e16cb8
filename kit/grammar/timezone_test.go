package grammar_test

import (
	"testing"

	"github.com/shopmesh/shopmesh/kit/grammar"
)

func TestATimeZoneIsOneOfTheIANAsList(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Berlin", "Asia/Riyadh", "America/Argentina/Buenos_Aires", "Etc/GMT-14", "Asia/Kolkata"} {
		if err := grammar.TimeZone(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"", "Local", "localtime", "Europe/Berlinn", "Berlin", "../etc/passwd", "posix/Europe/Berlin", "right/UTC", "Factory", "+01:00"} {
		if err := grammar.TimeZone(name); err == nil {
			t.Errorf("%q is a time zone", name)
		}
	}
}
