package rpc

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/structpb"

	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// U+0000 is found wherever text can be: in fields, lists, maps and their keys,
// however deep, also in messages that hold themselves.
func TestNULIsFoundEverywhere(t *testing.T) {
	t.Parallel()
	nested, err := structpb.NewStruct(map[string]any{
		"fine": "text", "bad": "a\x00b", "key\x00": 1.0,
		"list": []any{"ok", "\x00", map[string]any{"deep": "x\x00"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var plans textPlans
	var fields []string
	for _, v := range plans.nul(nested.ProtoReflect()) {
		fields = append(fields, v.Field)
	}
	found := strings.Join(fields, "\n")
	for _, want := range []string{
		`fields["bad"].string_value`, `fields["key\x00"]`,
		`fields["list"].list_value.values[1].string_value`,
		`fields["list"].list_value.values[2].struct_value.fields["deep"].string_value`,
	} {
		if !strings.Contains(found, want) {
			t.Errorf("%s lacks %s", found, want)
		}
	}
	if len(fields) != 4 {
		t.Errorf("found %q", fields)
	}
}

// A message without text is not walked at all.
func TestMessagesWithoutTextAreNotWalked(t *testing.T) {
	t.Parallel()
	var plans textPlans
	if got := plans.fields((&operationsv1.DeadLetterSelection{}).ProtoReflect().Descriptor()); len(got) != 0 {
		t.Errorf("walks %v", got)
	}
}

// Every reason that the kit itself gives is in the contract.
func TestOurReasonsAreInTheContract(t *testing.T) {
	t.Parallel()
	for _, reason := range []fault.Reason{
		fault.ReasonInvalidField, fault.ReasonMalformedRequest, fault.ReasonRequestTooLarge, fault.ReasonPageTokenInvalid,
		fault.ReasonFilterInvalid, fault.ReasonUnknownRPC, fault.ReasonInternal, fault.ReasonUnavailable,
		fault.ReasonDeadlineExceeded, fault.ReasonCancelled, fault.ReasonDraining,
		fault.ReasonUnauthenticated, fault.ReasonPermissionDenied, fault.ReasonEtagMismatch, fault.ReasonRequestIDReused,
		fault.ReasonTooManyStreams, fault.ReasonTooManyCalls, fault.ReasonContextNotFound, fault.ReasonDeadLetterNotFound,
	} {
		if _, ok := errorsv1.Reason_value["REASON_"+string(reason)]; !ok {
			t.Errorf("%s is not in the contract", reason)
		}
	}
}

// The details of an error travel in a header, which has a bound.
func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	many := make([]fault.Violation, 10_000)
	for i := range many {
		many[i] = fault.Violation{Field: "lines[1].quantity", Description: "must be at least 1"}
	}
	size := 0
	for _, detail := range fromFault(fault.Fields(many...), nil).Details() {
		size += len(detail.Value)
	}
	if size > 16<<10 {
		t.Errorf("the details have %d bytes", size)
	}
}

func FuzzMalformed(f *testing.F) {
	f.Add("plain", 3)
	f.Add("\xff\u00a0", 400)
	f.Fuzz(func(t *testing.T, text string, times int) {
		message := malformed(strings.Repeat(text, min(max(times, 0), 500))).Message()
		if len(message) > 400 || strings.ToValidUTF8(message, "") != message {
			t.Errorf("%q", message)
		}
	})
}
