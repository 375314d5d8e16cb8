package token

import (
	"context"

	"connectrpc.com/connect/v2"
)

// Show makes a client's calls show a token; an empty one is not shown.
func Show(token string) connect.ClientInterceptor {
	value := "Bearer " + token
	return func(next connect.ClientFunc) connect.ClientFunc {
		return func(ctx context.Context, spec connect.Spec) (connect.ClientStream, error) {
			if token == "" {
				return next(ctx, spec)
			}
			info, ok := connect.CallInfoForClientContext(ctx)
			if !ok {
				ctx, info = connect.NewClientContext(ctx)
			}
			info.RequestHeader().Set(Authorization, value)
			return next(ctx, spec)
		}
	}
}
