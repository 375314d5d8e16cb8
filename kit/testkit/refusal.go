package testkit

import (
	"errors"
	"slices"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// Refusal is an RPC's error as a client reads it.
type Refusal struct {
	Code    connect.Code
	Message string
	// Reason and Metadata are ErrorInfo's.
	Reason   string
	Metadata map[string]string
	// Fields are the paths of BadRequest's violations, sorted, each once. A rule about a whole
	// message names no field.
	Fields []string
	// RetryAfter is RetryInfo's delay, and 0 without one.
	RetryAfter time.Duration
	// Details are all details, those above included.
	Details []proto.Message
}

// Refused fails the test unless err is an RPC's error with this code, this reason and
// violations of exactly these fields, in any order and number. An empty field counts as none, so
// that a table can leave it out. It returns the whole error for what a test checks
// beyond that.
func Refused(tb testing.TB, err error, code connect.Code, reason string, fields ...string) Refusal {
	tb.Helper()
	got := RefusalOf(tb, err)
	want := slices.DeleteFunc(slices.Sorted(slices.Values(fields)), func(field string) bool { return field == "" })
	if got.Code != code || got.Reason != reason || !slices.Equal(got.Fields, want) {
		tb.Errorf("refused with %s %s %q, want %s %s %q (%v)", got.Code, got.Reason, got.Fields, code, reason, want, err)
	}
	return got
}

// RefusalOf reads an error whose reason the test does not know beforehand. It fails
// the test when err is no RPC's error.
func RefusalOf(tb testing.TB, err error) Refusal {
	tb.Helper()
	var coded *connect.Error
	if !errors.As(err, &coded) {
		tb.Errorf("got %v, want an RPC's error", err)
		return Refusal{}
	}
	refusal := Refusal{Code: coded.Code(), Message: coded.Message()}
	for _, detail := range coded.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			tb.Errorf("a detail of %v can't be read: %v", coded, err)
			continue
		}
		refusal.add(message)
	}
	slices.Sort(refusal.Fields)
	refusal.Fields = slices.Compact(refusal.Fields)
	return refusal
}

func (r *Refusal) add(detail proto.Message) {
	r.Details = append(r.Details, detail)
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		r.Reason, r.Metadata = detail.GetReason(), detail.GetMetadata()
	case *errdetails.BadRequest:
		for _, violation := range detail.GetFieldViolations() {
			if field := violation.GetField(); field != "" {
				r.Fields = append(r.Fields, field)
			}
		}
	case *errdetails.RetryInfo:
		r.RetryAfter = detail.GetRetryDelay().AsDuration()
	}
}

// Detail returns a refusal's detail of type M, or nil when it has none.
func Detail[M proto.Message](r Refusal) M {
	for _, detail := range r.Details {
		if found, ok := detail.(M); ok {
			return found
		}
	}
	var none M
	return none
}
