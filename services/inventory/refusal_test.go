package inventory_test

import (
	"errors"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// wantRefusal expects a code, a reason, and violations of the fields in any order.
// It returns the reason's metadata.
func wantRefusal(t *testing.T, err error, code connect.Code, reason string, fields ...string) map[string]string {
	t.Helper()
	var coded *connect.Error
	if !errors.As(err, &coded) {
		t.Fatalf("no refusal: %v", err)
	}
	var info *errdetails.ErrorInfo
	var got []string
	for _, detail := range coded.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			t.Fatal(err)
		}
		switch message := message.(type) {
		case *errdetails.ErrorInfo:
			info = message
		case *errdetails.BadRequest:
			for _, violation := range message.GetFieldViolations() {
				got = append(got, violation.GetField())
			}
		}
	}
	if coded.Code() != code || info.GetReason() != reason {
		t.Fatalf("got %s %s, want %s %s (%v)", coded.Code(), info.GetReason(), code, reason, err)
	}
	slices.Sort(got)
	slices.Sort(fields)
	if !slices.Equal(got, fields) {
		t.Fatalf("violations of %q, want %q (%v)", got, fields, err)
	}
	return info.GetMetadata()
}
