package domain

import (
	"strings"
	"unicode"
)

// crockford is Crockford's base 32: digits and letters without I, L, O and U,
// which people mistake for others.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// Number makes an order's number, such as "7K3M-Q2XD", of the lowest 40 of random bits.
func Number(random uint64) string {
	var text [9]byte
	for i := range text {
		if i == 4 {
			text[i] = '-'
			continue
		}
		text[i] = crockford[random&31]
		random >>= 5
	}
	return string(text[:])
}

// NormalizeNumber returns an order's number as it is stored, however somebody wrote it:
// in any case of letters, with or without dash, blanks or "#", and with the letters
// that Crockford's base 32 reads as digits. What is no number is returned as it is.
func NormalizeNumber(text string) string {
	digits, ok := numberDigits(text)
	if !ok || len(digits) != 8 {
		return text
	}
	return digits[:4] + "-" + digits[4:]
}

// NumberRange returns the least and the greatest number that begins with what somebody
// wrote. ok is false for what begins no number, and for fewer than four digits, the first
// half of a number: many names begin some number with those.
func NumberRange(text string) (least, greatest string, ok bool) {
	digits, ok := numberDigits(text)
	if !ok || len(digits) < 4 || len(digits) > 8 {
		return "", "", false
	}
	missing := 8 - len(digits)
	return NormalizeNumber(digits + strings.Repeat("0", missing)), NormalizeNumber(digits + strings.Repeat("Z", missing)), true
}

// numberDigits reads the digits of a number or of its beginning.
func numberDigits(text string) (digits string, ok bool) {
	digits = strings.Map(func(r rune) rune {
		switch r {
		case '-', ' ', '#', '\t', '\u2010', '\u2011', '\u2013':
			return -1
		case 'o', 'O':
			return '0'
		case 'i', 'I', 'l', 'L':
			return '1'
		}
		return unicode.ToUpper(r)
	}, text)
	return digits, strings.Trim(digits, crockford) == ""
}

// isNumber reports whether a text is an order's number as it is stored.
func isNumber(text string) bool {
	return len(text) == 9 && text[4] == '-' && strings.Trim(text[:4]+text[5:], crockford) == ""
}
