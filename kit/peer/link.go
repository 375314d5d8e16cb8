package peer

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/condition"
)

// link is the way to one peer. It shows when the peer can't be reached, and why:
// calls that fail for it return only that a component is away.
type link struct {
	next      http.RoundTripper
	condition *condition.Condition
}

func newLink(next http.RoundTripper, name string, log *slog.Logger) *link {
	return &link{next: next, condition: condition.New(log, name+" can't be reached; calls that need it are refused")}
}

// untried is how long nobody may have called for a failure to be shown still.
const untried = time.Minute

// RoundTrip implements http.RoundTripper. Any answer shows that the peer is there.
func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	res, err := l.next.RoundTrip(r)
	switch {
	case err == nil:
		l.condition.Over(ctx)
	case ctx.Err() == nil && unreachable(err): // else the caller has gone, or had no time left
		err = certs.Explain(err)
		l.condition.Note(ctx, err)
	}
	return res, err
}

// unreachable distinguishes a connection that never came about from one that broke, which the next
// call replaces.
func unreachable(err error) bool {
	var op *net.OpError
	return (errors.As(err, &op) && op.Op == "dial") || certs.Invalid(err)
}

func (l *link) why(ctx context.Context) error {
	l.condition.OverAfter(ctx, untried)
	return l.condition.Err(0)
}
