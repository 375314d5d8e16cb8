package domain

import (
	"strings"
	"unicode/utf8"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
)

// The lengths of a password, in characters. There are no rules about which characters
// (NIST SP 800-63B-4, 3.1.1.2).
const (
	MinPassword      = 12
	MinStaffPassword = 15
	MaxPassword      = 256
)

// CheckPassword refuses a password that is too short or too long for the kind of
// account, common, or the account's own e-mail address: PASSWORD_WEAK.
func CheckPassword(kind Kind, password string, email Email) error {
	least := MinPassword
	if kind == Staff {
		least = MinStaffPassword
	}
	n := utf8.RuneCountInString(password)
	switch {
	case !utf8.ValidString(password):
		return errPasswordWeak("must be valid UTF-8")
	case n < least:
		return errPasswordWeak("must have at least %d characters", least)
	case n > MaxPassword:
		return errPasswordWeak("must have at most %d characters", MaxPassword)
	case isEmail(password, email):
		return errPasswordWeak("must not be made of the e-mail address")
	case CommonPassword(password):
		return errPasswordWeak("is too easy to guess: use four words that have nothing to do with each other, or a password manager")
	}
	return nil
}

// isEmail reports whether a password is an e-mail address, or the part before its @
// with up to three characters more.
func isEmail(password string, email Email) bool {
	text, key := grammar.ExactEmailKey(password), string(email.Key)
	if key == "" {
		return false
	}
	if text == key {
		return true
	}
	local := key[:strings.LastIndexByte(key, '@')]
	rest, has := strings.CutPrefix(text, local)
	return has && len(local) >= 4 && len(rest) <= 3
}

func errPasswordWeak(format string, args ...any) error {
	refused := fault.New(fault.Invalid, ReasonPasswordWeak, "the password "+format, args...)
	return refused.Field("password", strings.TrimPrefix(refused.Message(), "the password "))
}
