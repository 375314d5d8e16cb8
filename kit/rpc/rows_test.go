package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/rpc"
)

// eachRow does rows that are named by what becomes of them.
func eachRow(ctx context.Context, rows ...error) ([]string, error) {
	return rpc.EachRow(ctx, rows, func(_ context.Context, row error) (string, error) { return "done", row },
		func(r *errorsv1.Refusal) string {
			return fmt.Sprintf("%s %s %s", r.GetCode(), r.GetReason(), r.GetMessage())
		})
}

// What is wrong with a row is its outcome, with the code and the reason that a call for it
// alone would have; the rows behind it are done.
func TestARefusedRowKeepsNoOtherFromBeingDone(t *testing.T) {
	t.Parallel()
	outcomes, err := eachRow(t.Context(), nil,
		fault.New(fault.NotFound, "PRODUCT_NOT_FOUND", "no product has the code %q", "MUG"),
		fmt.Errorf("update: %w", fault.New(fault.Aborted, fault.ReasonEtagMismatch, "read it again")), nil)
	want := []string{"done", `NOT_FOUND PRODUCT_NOT_FOUND no product has the code "MUG"`, "ABORTED ETAG_MISMATCH read it again", "done"}
	if err != nil || !slices.Equal(outcomes, want) {
		t.Errorf("outcomes %q, %v, want %q", outcomes, err, want)
	}
}

// What is not about a row ends the batch: a row that failed for the database is not reported
// as refused.
func TestAFailureThatIsNotAboutARowEndsTheBatch(t *testing.T) {
	t.Parallel()
	for _, failure := range []error{
		errors.New("the connection broke"), context.DeadlineExceeded,
		fault.New(fault.Unavailable, fault.ReasonUnavailable, "away"), fault.New(fault.Exhausted, fault.ReasonRateLimited, "too often"),
		fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "no"), fault.New(fault.Internal, fault.ReasonInternal, "a secret"),
	} {
		if outcomes, err := eachRow(t.Context(), nil, failure, nil); !errors.Is(err, failure) || outcomes != nil {
			t.Errorf("%v: outcomes %q, %v", failure, outcomes, err)
		}
	}
}

// A refusal is bounded as an error is, because an answer holds one for each row.
func TestARefusalIsBounded(t *testing.T) {
	t.Parallel()
	broken := fault.New(fault.Invalid, fault.ReasonInvalidField, "").WithMessage(strings.Repeat("ä", 5000)).With("value", strings.Repeat("x", 5000))
	for i := range 100 {
		broken = broken.Field(fmt.Sprintf("product.images[%d].url", i), strings.Repeat("y", 5000))
	}
	_, err := rpc.EachRow(t.Context(), []int{0}, func(context.Context, int) (struct{}, error) { return struct{}{}, broken }, func(r *errorsv1.Refusal) struct{} {
		if n := len(r.GetViolations()); n != 20 || len(r.GetMessage()) > 512 || len(r.GetMetadata()["value"]) > 300 || len(r.GetViolations()[0].GetDescription()) > 300 {
			t.Errorf("a refusal of %d violations: %.2000v", n, r)
		}
		return struct{}{}
	})
	if err != nil {
		t.Error(err)
	}
}

func TestARowThatIsNamedTwiceIsNamed(t *testing.T) {
	t.Parallel()
	same := func(row string) string { return row }
	if err := rpc.Distinct([]string{"a", "b", "c"}, "id", same); err != nil {
		t.Error(err)
	}
	err := rpc.Distinct([]string{"a", "b", "a", "b"}, "id", same)
	found, ok := fault.Of(err)
	if !ok || found.Reason() != fault.ReasonInvalidField {
		t.Fatalf("refused with %v", err)
	}
	want := []fault.Violation{{Field: "requests[2].id", Description: "is that of requests[0], too", Rule: fault.RuleRepeated}, {Field: "requests[3].id", Description: "is that of requests[1], too", Rule: fault.RuleRepeated}}
	if !slices.Equal(found.Violations(), want) {
		t.Errorf("violations %v, want %v", found.Violations(), want)
	}
}

// Who tries values row by row is noted as who tries them call by call.
func TestRefusedRowsAreNoted(t *testing.T) {
	t.Parallel()
	var noted refusals
	stale := fault.New(fault.Aborted, fault.ReasonEtagMismatch, "read it again")
	s := open(t, &shop{redrive: func(ctx context.Context) error {
		_, err := eachRow(ctx, nil, stale, stale)
		return err
	}}, func(c *rpc.Config, _ *rpc.HandlerConfig) {
		c.Authenticator = callers(func(string) (authz.Identity, error) { return authz.Identity{Kind: authz.Owner}, nil })
		c.Refused = noted.note
	})
	if _, err := s.client(http1(t)).RedriveDeadLetters(t.Context(), &operationsv1.RedriveDeadLettersRequest{}); err != nil {
		t.Fatal(err)
	}
	got := noted.take()
	if strings.Count(got, "by owner: ETAG_MISMATCH") != 2 || strings.Count(got, "\n") != 1 {
		t.Errorf("noted %q", got)
	}
}
