package rpc

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"

	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
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

// Every rule that a violation names is in the contract, and the contract has no other.
func TestOurRulesAreInTheContract(t *testing.T) {
	t.Parallel()
	rules := []fault.Rule{
		fault.RuleRequired, fault.RuleTooShort, fault.RuleTooLong, fault.RuleTooFew, fault.RuleTooMany, fault.RuleOutOfRange, fault.RuleMalformed,
		fault.RuleCharacters, fault.RuleEmail, fault.RuleCurrency, fault.RuleRegion, fault.RuleTimeZone, fault.RuleNotOneOf, fault.RuleRepeated, fault.RuleUnalterable,
	}
	for _, rule := range rules {
		if _, ok := errorsv1.Rule_value["RULE_"+string(rule)]; !ok {
			t.Errorf("%s is not in the contract", rule)
		}
	}
	if known := len(errorsv1.Rule_name) - 1; known != len(rules) { // the first is never sent
		t.Errorf("the contract has %d rules, want %d", known, len(rules))
	}
}

// encodedBytes is the size of an error in the protocol that makes it largest.
func encodedBytes(t *testing.T, coded *connect.Error) int {
	t.Helper()
	details, err := proto.Marshal(grpcStatus(coded).Proto())
	if err != nil {
		t.Fatal(err)
	}
	inGRPC := percentEncoded(coded.Message()) + base64.RawStdEncoding.EncodedLen(len(details))
	inConnect, inREST := httptest.NewRecorder(), httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil)
	request.Header.Set("Content-Type", "application/json")
	if err := connecthttp.NewErrorWriter().Write(inConnect, request, coded); err != nil {
		t.Fatal(err)
	}
	writeStatus(inREST, grpcStatus(coded), 0)
	return max(inGRPC, inConnect.Body.Len(), inREST.Body.Len())
}

// Whatever is in a fault, it is 4 KiB at most when it travels, and its reason is there.
func TestAnErrorHasFourKiBAtMost(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ü", 1<<20)
	many := make([]fault.Violation, 100)
	for i := range many {
		many[i] = fault.Violation{Field: fmt.Sprintf("lines[%d].quantity", i), Description: "must be at least 1"}
	}
	endless := fault.New(fault.Aborted, "ORDER_STATE", long).RetryAfter(time.Second)
	for i := range 100 {
		endless = endless.With(fmt.Sprint(i)+long, long).Field(long, long)
	}
	escaped := fault.New(fault.Aborted, "ORDER_STATE", strings.Repeat("<", 500))
	for i := range 30 {
		escaped = escaped.With(fmt.Sprint(i), "<<<<<<<<<<").Field("<<<<", strings.Repeat("<", 100))
	}
	detail, err := structpb.NewStruct(map[string]any{"quote": long})
	if err != nil {
		t.Fatal(err)
	}
	for name, f := range map[string]*fault.Error{
		"100 violations":  fault.Fields(many...),
		"a long value":    fault.New(fault.NotFound, "ORDER_NOT_FOUND", "no order %q", long),
		"everything long": endless,
		"much escaped":    escaped,
		"a long detail":   fault.New(fault.FailedPrecondition, "PRICE_CHANGED", "the total is 12.34 EUR").Detail(detail),
	} {
		coded := fromFault(f, f)
		if size := encodedBytes(t, coded); size > 4<<10 {
			t.Errorf("%s: %d bytes", name, size)
		}
		if got, ok := peer.Fault(coded); !ok || got.Reason() != f.Reason() {
			t.Errorf("%s: arrives as %v", name, got)
		}
	}
	got, _ := peer.Fault(fromFault(fault.Fields(many...), nil))
	listed := got.Violations()
	if last := listed[len(listed)-1]; len(listed) < 15 || last.Field != "" || last.Description != fmt.Sprintf("and %d more", 101-len(listed)) {
		t.Errorf("%d listed, the last is %v", len(listed), last)
	}
	if got, _ := peer.Fault(fromFault(endless, nil)); got.RetryDelay() != time.Second {
		t.Error("the delay is lost")
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
