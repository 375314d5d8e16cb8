package peer

import (
	"errors"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	"google.golang.org/genproto/googleapis/rpc/errdetails"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Fault reads the fault that another context answered with out of the error
// of a call to it. Use its Reason to distinguish one refusal from another. It reports
// false when err holds no error of a peer of ours.
func Fault(err error) (*fault.Error, bool) {
	var coded *connect.Error
	if !errors.As(err, &coded) || coded == nil {
		return nil, false
	}
	var given *fault.Error
	var violations []fault.Violation
	var retry *errdetails.RetryInfo
	for _, detail := range coded.Details() {
		message, err := connectproto.UnmarshalErrorDetail(detail)
		if err != nil {
			continue
		}
		switch message := message.(type) {
		case *errdetails.ErrorInfo:
			if message.GetDomain() != fault.Domain {
				continue
			}
			given = fault.New(fault.KindOfCode(uint32(coded.Code())), fault.Reason(message.GetReason()), "").WithMessage(coded.Message()).Because(err)
			for key, value := range message.GetMetadata() {
				given = given.With(key, value)
			}
		case *errdetails.BadRequest:
			for _, v := range message.GetFieldViolations() {
				violations = append(violations, fault.Violation{Field: v.GetField(), Description: v.GetDescription(), Rule: fault.Rule(v.GetReason())})
			}
		case *errdetails.RetryInfo:
			retry = message
		}
	}
	if given == nil {
		return nil, false
	}
	given = given.Violating(violations...)
	if retry != nil {
		given = given.RetryAfter(retry.GetRetryDelay().AsDuration())
	}
	return given, true
}
