package main

import (
	"fmt"
	"strconv"
	"strings"
)

// digits is a pattern of the whole numbers from low to high. A low above 1 is not
// stated: nothing has one.
func digits(low, high int64) string {
	var either []string
	if low < 0 {
		either = append(either, "-("+strings.Join(upTo(strconv.FormatInt(low, 10)[1:]), "|")+")")
	}
	positive := upTo(strconv.FormatInt(high, 10))
	if low > 0 {
		positive = positive[1:] // without 0
	}
	return "^(" + strings.Join(append(either, positive...), "|") + ")$"
}

// upTo lists patterns that together are the numbers from 0 to most, which is written in
// digits: those of fewer digits, those that have a smaller digit behind the same ones,
// and most itself. The first is 0.
func upTo(most string) []string {
	patterns := []string{"0"}
	if most == "0" {
		return patterns
	}
	if len(most) > 1 {
		patterns = append(patterns, "[1-9]"+anyDigits(0, len(most)-2))
	}
	for i := range len(most) {
		least := byte('0')
		if i == 0 {
			least = '1'
		}
		if most[i] > least {
			rest := len(most) - i - 1
			patterns = append(patterns, fmt.Sprintf("%s[%c-%c]%s", most[:i], least, most[i]-1, anyDigits(rest, rest)))
		}
	}
	return append(patterns, most)
}

// anyDigits is a pattern of that many digits.
func anyDigits(least, most int) string {
	switch {
	case most == 0:
		return ""
	case least == most:
		return fmt.Sprintf("[0-9]{%d}", most)
	default:
		return fmt.Sprintf("[0-9]{%d,%d}", least, most)
	}
}
