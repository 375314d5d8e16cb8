package rpc

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"

	"github.com/shopmesh/shopmesh/kit/condition"
)

// failing logs calls that fail because a component is away or slow. While it is,
// every call fails so: each RPC is logged once a minute, with how often.
type failing struct {
	log *slog.Logger
	// known is copied when an RPC fails for the first time, so that reading takes no
	// lock; it is nil until one does.
	known  atomic.Pointer[map[string]*condition.Condition]
	adding sync.Mutex
}

// note records that a call failed with err, which may hold a cause that its caller does not get.
func (f *failing) note(ctx context.Context, procedure string, err error, attrs []slog.Attr) {
	cause := errors.Unwrap(err)
	if cause == nil {
		cause = err
	}
	args := make([]any, len(attrs))
	for i, attr := range attrs {
		args[i] = attr
	}
	f.of(procedure).Note(ctx, cause, args...)
}

// over records that a call of this RPC went well.
func (f *failing) over(ctx context.Context, procedure string) {
	if known := f.known.Load(); known != nil {
		if t, ok := (*known)[procedure]; ok {
			t.Over(ctx)
		}
	}
}

func (f *failing) of(procedure string) *condition.Condition {
	f.adding.Lock()
	defer f.adding.Unlock()
	all := map[string]*condition.Condition{}
	if known := f.known.Load(); known != nil {
		if t, ok := (*known)[procedure]; ok {
			return t
		}
		all = maps.Clone(*known)
	}
	t := condition.New(f.log.With("rpc", procedure), "calls fail")
	all[procedure] = t
	f.known.Store(&all)
	return t
}
