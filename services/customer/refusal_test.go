package customer_test

import (
	"errors"
	"slices"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
)

// refusal is an error as a client sees it.
type refusal struct {
	code   connect.Code
	reason string
	fields []string
}

func refused(t *testing.T, err error) refusal {
	t.Helper()
	var coded *connect.Error
	if !errors.As(err, &coded) {
		t.Fatalf("no refusal: %v", err)
	}
	r := refusal{code: coded.Code()}
	for _, detail := range coded.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			t.Fatal(err)
		}
		switch message := message.(type) {
		case *errdetails.ErrorInfo:
			r.reason = message.GetReason()
		case *errdetails.BadRequest:
			for _, violation := range message.GetFieldViolations() {
				r.fields = append(r.fields, violation.GetField())
			}
		}
	}
	return r
}

// wantRefusal expects a code, a reason and violations of the fields, in any order.
func wantRefusal(t *testing.T, err error, code connect.Code, reason string, fields ...string) {
	t.Helper()
	got := refused(t, err)
	if got.code != code || got.reason != reason {
		t.Fatalf("got %s %s, want %s %s (%v)", got.code, got.reason, code, reason, err)
	}
	slices.Sort(got.fields)
	slices.Sort(fields)
	if !slices.Equal(got.fields, fields) {
		t.Fatalf("violations of %q, want %q (%v)", got.fields, fields, err)
	}
}
