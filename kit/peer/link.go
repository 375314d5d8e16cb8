package peer

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/trouble"
)

// link is the way to one peer. It tells when the peer can't be reached, and why:
// calls that fail for it say only that a part is away.
type link struct {
	next    http.RoundTripper
	trouble *trouble.Trouble
}

func newLink(next http.RoundTripper, name string, log *slog.Logger) *link {
	return &link{next: next, trouble: trouble.New(log, name+" can't be reached; calls that need it are refused")}
}

// untried is how long nobody may have called for a failure to be told still.
const untried = time.Minute

// RoundTrip implements http.RoundTripper. Any answer says that the peer is there.
func (l *link) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx := r.Context()
	res, err := l.next.RoundTrip(r)
	switch {
	case err == nil:
		l.trouble.Over(ctx)
	case ctx.Err() == nil && unreachable(err): // else the caller has gone, or had no time left
		err = certs.Explain(err)
		l.trouble.Note(ctx, err)
	}
	return res, err
}

// unreachable tells that no connection came about from one that broke, which the next
// call replaces.
func unreachable(err error) bool {
	var op *net.OpError
	return (errors.As(err, &op) && op.Op == "dial") || certs.Invalid(err)
}

func (l *link) why(ctx context.Context) error {
	l.trouble.OverAfter(ctx, untried)
	return l.trouble.Err(0)
}
