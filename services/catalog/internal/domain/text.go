package domain

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// violations gathers what is wrong with a request, so that the caller learns all
// of it at once.
type violations []fault.Violation

func (v *violations) add(field, format string, args ...any) {
	*v = append(*v, fault.Violation{Field: field, Description: fmt.Sprintf(format, args...)})
}

// err returns the fault, and a true nil when nothing is wrong.
func (v violations) err() error {
	if broken := fault.Fields(v...); broken != nil {
		return broken
	}
	return nil
}

// title checks a name: 1 to most characters, at least one of them visible. Control
// characters, line breaks among them, are refused: names end up in mails.
func (v *violations) title(field, text string, most int) {
	n := utf8.RuneCountInString(text)
	if n == 0 || n > most || strings.TrimSpace(text) == "" {
		v.add(field, "must have 1 to %d characters and not be blank, has %d", most, n)
		return
	}
	if strings.ContainsFunc(text, unicode.IsControl) {
		v.add(field, "must not contain control characters or line breaks")
	}
}

// atMost checks a text that may be empty.
func (v *violations) atMost(field, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		v.add(field, "must have at most %d characters, has %d", most, n)
	}
}
