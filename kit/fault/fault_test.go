package fault_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// A fault that a package declares once can be shared: adding to it gives a copy.
func TestAddingToAFaultLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	declared := fault.New(fault.NotFound, "PRODUCT_NOT_FOUND", "no such product")
	changed := declared.With("code", "A-1").Field("code", "unknown").
		RetryAfter(time.Second).Detail("x").Because(errors.New("row missing"))

	if declared.Metadata() != nil || declared.Violations() != nil || declared.RetryDelay() != 0 ||
		declared.Details() != nil || errors.Unwrap(declared) != nil {
		t.Errorf("the declared fault changed: %+v", declared)
	}
	if got := changed.Metadata()["code"]; got != "A-1" {
		t.Errorf("metadata code = %q, want A-1", got)
	}
	if len(changed.Violations()) != 1 || changed.RetryDelay() != time.Second || len(changed.Details()) != 1 {
		t.Errorf("the copy lacks what was added: %+v", changed)
	}
}

// Two faults made from one prefix don't write into each other's backing array.
func TestCopiesDoNotShareViolations(t *testing.T) {
	t.Parallel()
	base := fault.New(fault.Invalid, fault.ReasonInvalidField, "wrong").Field("a", "1").Field("b", "2").Field("c", "3")
	left, right := base.Field("left", "l"), base.Field("right", "r")
	if left.Violations()[3].Field != "left" || right.Violations()[3].Field != "right" {
		t.Errorf("violations are shared: %v, %v", left.Violations(), right.Violations())
	}
}

func TestOfFindsAWrappedFault(t *testing.T) {
	t.Parallel()
	cause := errors.New("connection refused")
	err := fmt.Errorf("load order: %w", fault.New(fault.Unavailable, fault.ReasonUnavailable, "try again").Because(cause))

	found, ok := fault.Of(err)
	if !ok || found.Kind() != fault.Unavailable {
		t.Fatalf("Of(%v) = %v, %t", err, found, ok)
	}
	if fault.ReasonOf(err) != fault.ReasonUnavailable {
		t.Errorf("ReasonOf = %q", fault.ReasonOf(err))
	}
	if !errors.Is(err, cause) {
		t.Error("the cause is not reachable")
	}
	if !errors.Is(err, fault.New(fault.Unavailable, fault.ReasonUnavailable, "other text")) {
		t.Error("a fault of the same kind and reason is not recognised")
	}
	if _, ok := fault.Of(cause); ok {
		t.Error("a plain error was taken for a fault")
	}
}

func TestFieldsHoldsAllViolations(t *testing.T) {
	t.Parallel()
	if got := fault.Fields(); got != nil {
		t.Fatalf("Fields() = %v, want nil", got)
	}
	got := fault.Fields(
		fault.Violation{Field: "lines[0].quantity", Description: "must be at least 1"},
		fault.Violation{Field: "contact.email", Description: "must be an e-mail address"},
	)
	if got.Kind() != fault.Invalid || got.Reason() != fault.ReasonInvalidField || len(got.Violations()) != 2 {
		t.Errorf("Fields = %+v", got)
	}
	if want := "lines[0].quantity: must be at least 1 (and 1 more)"; got.Message() != want {
		t.Errorf("message = %q, want %q", got.Message(), want)
	}
}

// Every kind of fault has a code of its own, and comes back from it.
func TestKindsAndCodesMatch(t *testing.T) {
	t.Parallel()
	for kind := fault.Internal; kind <= fault.Cancelled; kind++ {
		if got := fault.KindOfCode(kind.Code()); got != kind {
			t.Errorf("%v became %v", kind, got)
		}
		if got := strings.ReplaceAll(strings.ToUpper(code.Code(kind.Code()).String()), "CANCELED", "CANCELLED"); got != kind.String() {
			t.Errorf("%v has the code of %s", kind, got)
		}
	}
}

// A value that a caller sent is cut before it comes back, whatever its type of text.
func TestValuesInAMessageAreCut(t *testing.T) {
	t.Parallel()
	type code string
	long := strings.Repeat("ü", 1<<20)
	for _, f := range []*fault.Error{
		fault.New(fault.NotFound, "PRODUCT_NOT_FOUND", "no product %q: %d", long, 7),
		fault.New(fault.NotFound, "PRODUCT_NOT_FOUND", "no product %s: %d", code(long), 7),
	} {
		if m := f.Message(); len(m) > 230 || !strings.HasPrefix(m, "no product") || !strings.HasSuffix(m, ": 7") || strings.ToValidUTF8(m, "") != m {
			t.Errorf("%d bytes: %q", len(m), m)
		}
	}
	if got := fault.Cut("short", 10); got != "short" {
		t.Errorf("cut to %q", got)
	}
	if got := fault.Cut("üüüüüü", 8); got != "üü…" {
		t.Errorf("cut to %q", got)
	}
}
