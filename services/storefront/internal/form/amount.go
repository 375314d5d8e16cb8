// Package form reads what people type into forms, as their language writes it.
package form

import (
	"strings"
	"unicode"
)

// separators are how a language writes amounts: what stands before the decimals, and what
// may stand between groups of three digits.
func separators(language string) (decimal, group rune) {
	if language == "de" {
		return ',', '.'
	}
	return '.', ','
}

const (
	// maxAmount is how many digits an amount may have.
	maxAmount = 15
	// AmountLength is how many characters it may have: its digits, and separators.
	AmountLength = maxAmount + maxAmount/3
)

// Amount reads an amount such as "1.234,50" in German as "1234.50". Spaces, the digits and
// separators of Arabic, and the other separator before one or two decimals are taken, too.
// It reports false for what is no amount of 0 or more.
func Amount(language, text string) (string, bool) {
	decimal, group := separators(language)
	var runes []rune
	for _, r := range text {
		switch {
		case unicode.IsSpace(r), r == '\u2019', r == '\'':
			continue
		case r >= '٠' && r <= '٩':
			r = '0' + r - '٠'
		case r == '٫':
			r = decimal
		case r == '٬':
			r = group
		}
		runes = append(runes, r)
	}
	plain := string(runes)
	whole, fraction, hasFraction := strings.Cut(plain, string(decimal))
	if !hasFraction {
		// "19,50" in English: nobody groups two digits.
		if before, after, found := strings.Cut(plain, string(group)); found && len(after) > 0 && len(after) <= 2 {
			whole, fraction, hasFraction = before, after, true
		}
	}
	whole, ok := ungroup(whole, string(group))
	if !ok || hasFraction && !digits(fraction) || len(whole)+len(fraction) > maxAmount {
		return "", false
	}
	if hasFraction {
		return whole + "." + fraction, true
	}
	return whole, true
}

// ungroup takes the separators between groups of three digits away.
func ungroup(text, group string) (string, bool) {
	groups := strings.Split(text, group)
	for i, part := range groups {
		if !digits(part) || i > 0 && len(part) != 3 || i == 0 && len(groups) > 1 && len(part) > 3 {
			return "", false
		}
	}
	return strings.Join(groups, ""), true
}

func digits(text string) bool {
	for _, r := range text {
		if r < '0' || r > '9' {
			return false
		}
	}
	return text != ""
}
