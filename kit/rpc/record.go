package rpc

import (
	"context"
	"net/http"
	"strings"
	"sync"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/trace"
)

// Refused is called with calls that ended with an error, for the activity log, which records
// who was refused. It is not called for who showed nothing and is not known for that reason,
// nor for a token that is not good where everybody may read: neither shows more than that
// somebody found the port.
type Refused func(ctx context.Context, call activity.Call, err error)

func callTo(ctx context.Context, procedure string, caller authz.Identity) activity.Call {
	return activity.Call{
		RPC: strings.TrimPrefix(procedure, "/"), Caller: caller, AddressPrefix: originOf(ctx).client.name, TraceID: trace.ID(trace.FromContext(ctx)),
	}
}

// requestTo is callTo for a plain handler of the internal port.
func requestTo(r *http.Request, caller authz.Identity) activity.Call {
	// Escaped, because a path can hold bytes that are no text.
	call := activity.Call{RPC: "internal" + fault.Cut(r.URL.EscapedPath(), maxRecordedPath), Caller: caller}
	if from, ok := r.Context().Value(originKey{}).(*origin); ok {
		call.AddressPrefix = from.client.name
	}
	return call
}

// maxRecordedPath bounds what an entry holds of a path, in bytes.
const maxRecordedPath = 100

// readsForAll reports whether everybody may call an RPC, which changes nothing.
func readsForAll(method protoreflect.MethodDescriptor) bool {
	options, _ := method.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS && authz.Option(method).GetPublic()
}

// record has the transactions of a call recorded where its RPC's option demands it, and
// the call where it is refused.
func record(refused Refused) connect.ServerInterceptor {
	var rules sync.Map // protoreflect.MethodDescriptor → activity.Rule
	ruleOf := func(method protoreflect.MethodDescriptor) activity.Rule {
		if known, ok := rules.Load(method); ok {
			return known.(activity.Rule)
		}
		rule := activity.RuleOf(method)
		rules.Store(method, rule)
		return rule
	}
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			method, ok := spec.Schema.(protoreflect.MethodDescriptor)
			if !ok || foreign(spec.Procedure) {
				return next(ctx, spec, stream)
			}
			caller := authz.Caller(ctx)
			var call *activity.Call
			if ruleOf(method).Records(caller) {
				made := callTo(ctx, spec.Procedure, caller)
				made.Recorded = true
				call = &made
				ctx = context.WithValue(ctx, rowsKey{}, func(err error) { refused(ctx, made, err) })
			}
			err := next(activity.WithCall(ctx, call), spec, stream)
			// Who shows nothing is not known on that ground alone; a sign-in that failed is.
			nothing := caller.Kind == authz.Anonymous && fault.ReasonOf(err) == fault.ReasonUnauthenticated
			switch {
			case err == nil || nothing:
			case call != nil:
				refused(ctx, *call, err) // with the resource that it is about
			default:
				refused(ctx, callTo(ctx, spec.Procedure, caller), err)
			}
			return err
		}
	}
}

// rowsKey is what notes refused rows in a context: func(error).
type rowsKey struct{}

// noteRow notes that a row of a batch was refused, as a call for the row alone would be.
func noteRow(ctx context.Context, err error) {
	if note, ok := ctx.Value(rowsKey{}).(func(error)); ok {
		note(err)
	}
}
