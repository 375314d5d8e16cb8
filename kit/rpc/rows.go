package rpc

import (
	"context"
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/code"

	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// EachRow does the rows of a batch, one after the other, each as a call for it alone would be
// done, and returns their outcomes in order: that of do, or what refused makes of a refusal.
// It ends early, with the error, when something failed that is no refusal of the row: the
// rows before are done, and the batch can be sent again.
func EachRow[Row, Outcome any](ctx context.Context, rows []Row,
	do func(context.Context, Row) (Outcome, error), refused func(*errorsv1.Refusal) Outcome,
) ([]Outcome, error) {
	outcomes := make([]Outcome, len(rows))
	for i, row := range rows {
		outcome, err := do(ctx, row)
		if err != nil {
			refusal, ok := refusalOf(err)
			if !ok {
				return nil, err
			}
			noteRow(ctx, err)
			outcome = refused(refusal)
		}
		outcomes[i] = outcome
	}
	return outcomes, nil
}

// Distinct returns a fault for each row of the field `requests` that has the key of one
// before; field is where the key is in a row.
func Distinct[Row any](rows []Row, field string, key func(Row) string) error {
	var twice []fault.Violation
	first := make(map[string]int, len(rows))
	for i, row := range rows {
		if before, seen := first[key(row)]; seen {
			twice = append(twice, fault.Violation{
				Field: fmt.Sprintf("requests[%d].%s", i, field), Description: fmt.Sprintf("is that of requests[%d], too", before), Rule: fault.RuleRepeated,
			})
			continue
		}
		first[key(row)] = i
	}
	if wrong := fault.FirstFields(maxViolations, len(twice), twice...); wrong != nil {
		return wrong
	}
	return nil
}

// refusalOf returns the refusal of a row, and false for an error that is not about the row:
// a component that is away, a caller who is gone, a failure of ours.
func refusalOf(err error) (*errorsv1.Refusal, bool) {
	found, ok := fault.Of(err)
	if !ok {
		return nil, false
	}
	switch found.Kind() {
	case fault.Invalid, fault.NotFound, fault.AlreadyExists, fault.FailedPrecondition, fault.Aborted:
	default:
		return nil, false
	}
	refusal := &errorsv1.Refusal{
		Code: code.Code(found.Kind().Code()), Reason: string(found.Reason()), //nolint:gosec // a code has two digits
		Message: fault.Cut(found.Message(), maxMessageBytes), Metadata: cutMetadata(found.Metadata()),
	}
	for _, v := range found.Violations()[:min(len(found.Violations()), maxViolations)] {
		refusal.Violations = append(refusal.Violations, &errorsv1.FieldViolation{
			Field: cutValue(v.Field), Description: cutValue(v.Description), Rule: string(v.Rule),
		})
	}
	return refusal, true
}
