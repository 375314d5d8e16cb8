package fault_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Each rule of protovalidate that contracts use is one that can be said in a language.
func TestRulesOfContractsHaveNames(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]fault.Rule{
		"required": fault.RuleRequired, "string.min_len": fault.RuleTooShort, "string.max_bytes": fault.RuleTooLong, "repeated.max_items": fault.RuleTooMany,
		"int32.gte_lte": fault.RuleOutOfRange, "duration.lt": fault.RuleOutOfRange, "int64.not_in": fault.RuleOutOfRange, "string.not_in": fault.RuleNotOneOf,
		"string.pattern": fault.RuleMalformed, "string.uuid": fault.RuleMalformed, "string.email": fault.RuleEmail, "enum.defined_only": fault.RuleNotOneOf,
		"repeated.unique": fault.RuleRepeated, "product.create": "", "message.oneof": "", "": "",
	} {
		if got := fault.RuleOf(id); got != want {
			t.Errorf("%q is %q, want %q", id, got, want)
		}
	}
}

// An error that names a rule becomes a violation that does, also when it was wrapped.
func TestBreachesBecomeViolations(t *testing.T) {
	t.Parallel()
	long := fault.Breach(fault.RuleTooLong, "must have at most %d characters", 3)
	want := fault.Violation{Field: "name", Description: "must have at most 3 characters", Rule: fault.RuleTooLong}
	if got := fault.Breaks("name", long); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := fault.Breaks("name", fmt.Errorf("first: %w", long)); got.Rule != fault.RuleTooLong {
		t.Errorf("wrapped: %+v", got)
	}
	if got := fault.Breaks("name", errors.New("must be whole")); got.Rule != "" || got.Description != "must be whole" {
		t.Errorf("another error: %+v", got)
	}
}
