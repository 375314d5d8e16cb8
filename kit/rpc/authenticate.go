package rpc

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/reflect/protoreflect"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// revocationPause is how often it is checked that the caller of a stream is still let in.
const revocationPause = time.Second

func authenticate(authenticator authz.Authenticator, refused Refused) connect.ServerInterceptor {
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			if isHealth(spec.Procedure) {
				return next(ctx, spec, stream)
			}
			info, ok := connect.CallInfoForServerContext(ctx)
			if !ok {
				return errors.New("the call has no call info")
			}
			caller, err := authenticator.Authenticate(ctx, info.RequestHeader())
			if err != nil {
				if method, ok := spec.Schema.(protoreflect.MethodDescriptor); !ok || !readsForAll(method) {
					refused(ctx, callTo(ctx, spec.Procedure, authz.Identity{}), err)
				}
				return err
			}
			ctx = authz.WithCaller(ctx, caller)
			if revoker, ok := authenticator.(authz.Revoker); ok && spec.StreamType != connect.StreamTypeUnary && caller.Kind != authz.Anonymous {
				return untilRevoked(ctx, revoker, caller, func(ctx context.Context) error { return next(ctx, spec, stream) })
			}
			return next(ctx, spec, stream)
		}
	}
}

// untilRevoked serves a stream until the caller's token is good no more: it then ends with
// TOKEN_EXPIRED, and its client resumes it with a new token.
func untilRevoked(ctx context.Context, revoker authz.Revoker, caller authz.Identity, serve func(context.Context) error) error {
	outer := ctx
	ctx, cancel := context.WithCancelCause(ctx)
	var checking sync.WaitGroup
	checking.Go(func() {
		ticker := time.NewTicker(revocationPause)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				if err := revoker.Revoked(caller); err != nil {
					cancel(err)
					return
				}
			}
		}
	})
	defer checking.Wait()
	defer cancel(nil)
	err := serve(ctx)
	if revoked, ok := fault.Of(context.Cause(ctx)); ok && err != nil && outer.Err() == nil {
		return revoked.Because(err)
	}
	return err
}

func authorize(clock func() time.Time, reflection *optionsv1.Authorization) connect.ServerInterceptor {
	// Reading an option of a descriptor costs as much as the rest of the check.
	var options sync.Map // protoreflect.MethodDescriptor → *optionsv1.Authorization
	optionOf := func(spec connect.Spec, method protoreflect.MethodDescriptor) *optionsv1.Authorization {
		if isReflection(spec.Procedure) {
			return reflection
		}
		if known, ok := options.Load(method); ok {
			return known.(*optionsv1.Authorization)
		}
		option := authz.Option(method)
		options.Store(method, option)
		return option
	}
	return func(next connect.ServerFunc) connect.ServerFunc {
		return func(ctx context.Context, spec connect.Spec, stream connect.ServerStream) error {
			// An unknown procedure has no schema; its handler answers UNKNOWN_RPC.
			if method, ok := spec.Schema.(protoreflect.MethodDescriptor); ok && !isHealth(spec.Procedure) {
				if err := authz.Check(optionOf(spec, method), authz.Caller(ctx), clock()); err != nil {
					return err
				}
			}
			return next(ctx, spec, stream)
		}
	}
}

// Require lets to a handler only who holds a permission, as the RPCs of the same port do
// whose option names it: for what is no RPC, such as profiles. The handler finds the caller
// by authz.Caller. Whoever is refused is noted as with RPCs; nil for nowhere.
func Require(authenticator authz.Authenticator, permission optionsv1.Permission, refused Refused, next http.Handler) http.Handler {
	option := &optionsv1.Authorization{Permission: permission}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, err := authenticator.Authenticate(r.Context(), r.Header)
		shown := err != nil // a token that is not good
		if err == nil {
			err = authz.Check(option, caller, time.Now())
		}
		if err != nil {
			if refused != nil && (shown || caller.Kind != authz.Anonymous) {
				refused(r.Context(), requestTo(r, caller), err)
			}
			answer, ok := fault.Of(err)
			if !ok {
				answer = unavailable().Because(err)
			}
			writeStatus(w, grpcStatus(fromFault(answer, err)), 0)
			return
		}
		next.ServeHTTP(w, r.WithContext(authz.WithCaller(r.Context(), caller)))
	})
}

// claimsService reports whether a request shows what looks like a service's token. It
// decides only when the request is counted.
func claimsService(header http.Header) bool {
	var decoded [maxTokenHead]byte
	for _, value := range header["Authorization"] {
		scheme, token, _ := strings.Cut(value, " ")
		head, _, ok := strings.Cut(token, ".")
		if !ok || base64.RawURLEncoding.DecodedLen(len(head)) > len(decoded) || !strings.EqualFold(scheme, "Bearer") {
			continue
		}
		if n, err := base64.RawURLEncoding.Decode(decoded[:], []byte(head)); err == nil && bytes.Contains(decoded[:n], []byte(`"service+jwt"`)) {
			return true
		}
	}
	return false
}

// maxTokenHead is how many bytes the header of a JWT has at most for it to be looked at.
const maxTokenHead = 300
