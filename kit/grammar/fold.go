package grammar

import (
	"strings"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold returns the form under which two ways of writing one name are equal:
// without the blanks around it, in any case of letters, in NFC. "STRASSE" and
// " Straße" are equal.
func Fold(text string) string {
	return norm.NFC.String(cases.Fold().String(norm.NFC.String(strings.TrimFunc(text, Invisible))))
}
