package grammar

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// The bounds of a person's data, in characters.
const (
	MaxName  = 100
	MaxPhone = 40
)

var (
	errNUL     = fault.Breach(fault.RuleCharacters, "must not contain U+0000")
	errUTF8    = fault.Breach(fault.RuleCharacters, "must be valid UTF-8")
	errControl = fault.Breach(fault.RuleCharacters, "must not contain control characters or line breaks")
	errBlank   = fault.Breach(fault.RuleRequired, "must not be blank: it needs at least one visible character")

	errInvisible = fault.Breach(fault.RuleCharacters, "must be empty or have at least one visible character")
)

// Invisible reports whether a character leaves no mark on paper: blanks, control
// and format characters, and the fillers that Unicode ignores by default, such as
// U+200B, U+3164 and U+2800.
func Invisible(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zs, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) || r == '\u2800'
}

// Blank reports whether a text has no visible character. A blank text counts as
// one that was not given.
func Blank(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !Invisible(r) })
}

// Text checks free text that may be empty and may have line breaks: at most most
// characters, valid UTF-8, no U+0000, which PostgreSQL can't store. A text of invisible
// characters alone is refused: nobody could distinguish it from an empty one.
func Text(text string, most int) error {
	// The count of bytes bounds the work on what is far too long.
	if n := len(text); n > utf8.UTFMax*most {
		return fault.Breach(fault.RuleTooLong, "must have at most %d characters", most)
	}
	switch n := utf8.RuneCountInString(text); {
	case n > most:
		return fault.Breach(fault.RuleTooLong, "must have at most %d characters, has %d", most, n)
	case strings.ContainsRune(text, 0):
		return errNUL
	case !utf8.ValidString(text):
		return errUTF8
	case text != "" && Blank(text):
		return errInvisible
	}
	return nil
}

// RequiredText checks free text that must not be blank.
func RequiredText(text string, most int) error {
	if err := Text(text, most); err != nil && !errors.Is(err, errInvisible) {
		return err
	}
	if Blank(text) {
		return errBlank
	}
	return nil
}

// Line checks a text of one line that may be empty. Control characters, line
// breaks among them, are refused: the text ends up in headers of mails and on
// labels.
func Line(text string, most int) error {
	if err := Text(text, most); err != nil {
		return err
	}
	if strings.ContainsFunc(text, breaksLine) {
		return errControl
	}
	return nil
}

// breaksLine also names the line and paragraph separators, which are no control
// characters but end a line for many programs.
func breaksLine(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// RequiredLine checks a text of one line that must not be blank.
func RequiredLine(text string, most int) error {
	if err := Line(text, most); err != nil && !errors.Is(err, errInvisible) {
		return err
	}
	if Blank(text) {
		return errBlank
	}
	return nil
}

// Name checks the name of a person who is known by one name, or the first of two:
// one line of 1 to 100 characters.
func Name(text string) error { return RequiredLine(text, MaxName) }

// LastName checks the second of a person's names: up to 100 characters, and empty
// for the many people who have one name only.
func LastName(text string) error { return Line(text, MaxName) }

// Phone checks a phone number: up to 40 characters, optional. How numbers are
// written differs too much between countries to require more.
func Phone(text string) error { return Line(text, MaxPhone) }
