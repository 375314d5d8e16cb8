package fault

import (
	"errors"
	"fmt"
	"strings"
)

// Rule is what a field breaks: a value of shopmesh.errors.v1.Rule without its prefix, by which
// programs say it in a person's language. Empty where the description alone says it.
type Rule string

// The rules.
const (
	RuleRequired    Rule = "REQUIRED"
	RuleTooShort    Rule = "TOO_SHORT"
	RuleTooLong     Rule = "TOO_LONG"
	RuleTooFew      Rule = "TOO_FEW"
	RuleTooMany     Rule = "TOO_MANY"
	RuleOutOfRange  Rule = "OUT_OF_RANGE"
	RuleMalformed   Rule = "MALFORMED"
	RuleCharacters  Rule = "CHARACTERS"
	RuleEmail       Rule = "EMAIL"
	RuleCurrency    Rule = "CURRENCY"
	RuleRegion      Rule = "REGION"
	RuleTimeZone    Rule = "TIME_ZONE"
	RuleNotOneOf    Rule = "NOT_ONE_OF"
	RuleRepeated    Rule = "REPEATED"
	RuleUnalterable Rule = "UNALTERABLE"
)

// breach is an error that names the rule that a value breaks.
type breach struct {
	rule Rule
	text string
}

// Error returns what is wrong, for callers.
func (b *breach) Error() string { return b.text }

// Breach returns an error about a value that breaks a rule. Its text is a Violation's
// description.
func Breach(rule Rule, format string, args ...any) error {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	return &breach{rule, text}
}

// Breaks returns the violation of a field whose value an error is about, with the rule where
// it is a Breach.
func Breaks(field string, err error) Violation {
	violation := Violation{Field: field, Description: err.Error()}
	var broken *breach
	if errors.As(err, &broken) {
		violation.Rule = broken.rule
	}
	return violation
}

// standard are the rules of protovalidate by the last part of their ids, such as
// "string.max_len" (https://buf.build/bufbuild/protovalidate). Those that compare, such as
// "int32.gte_lte", have none here: see RuleOf.
var standard = map[string]Rule{
	"required": RuleRequired, "uuid_empty": RuleRequired,
	"min_len": RuleTooShort, "min_bytes": RuleTooShort, "max_len": RuleTooLong, "max_bytes": RuleTooLong,
	"min_items": RuleTooFew, "min_pairs": RuleTooFew, "max_items": RuleTooMany, "max_pairs": RuleTooMany, "unique": RuleRepeated,
	"len": RuleMalformed, "pattern": RuleMalformed, "uuid": RuleMalformed, "uri": RuleMalformed, "email": RuleEmail,
	"in": RuleNotOneOf, "not_in": RuleNotOneOf, "defined_only": RuleNotOneOf,
}

// RuleOf returns the rule of the id that protovalidate has for it; empty for what a contract
// states by an expression of its own.
func RuleOf(id string) Rule {
	kind, last, found := strings.Cut(id, ".")
	switch {
	case !found:
		return standard[id]
	case strings.HasPrefix(last, "gt") || strings.HasPrefix(last, "lt"):
		return RuleOutOfRange
	case last == "not_in" && strings.Contains(kind, "int"):
		return RuleOutOfRange // the contract leaves a number out, such as 0
	default:
		return standard[last]
	}
}
