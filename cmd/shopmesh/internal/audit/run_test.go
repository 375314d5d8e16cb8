package audit

import (
	"testing"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
)

// A context reports its outbox in its status and in its audit: it is one piece of work
// under way, and one finding once the time is over.
func TestWorkUnderWayIsReportedOnce(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		final          bool
		pending, found int
	}{"while there is time": {false, 1, 0}, "after it": {true, 0, 1}} {
		p := &pass{final: row.final, seen: map[string]string{}, waiting: map[Pending]bool{}}
		p.addStatus(&operationsv1.ContextStatus{Context: "inventory", OutboxPending: 1})
		p.wait(Pending{Kind: "OUTBOX", Context: "inventory", Count: 2})
		if len(p.pending) != row.pending || len(p.found) != row.found {
			t.Errorf("%s: pending %v, found %v", name, p.pending, p.found)
		}
	}
	p := &pass{waiting: map[Pending]bool{}}
	p.wait(Pending{Kind: "OUTBOX", Context: "inventory", Count: 1})
	p.wait(Pending{Kind: "OUTBOX", Context: "order", Count: 1})
	p.wait(Pending{Kind: "ORDER", Context: "order", Count: 1})
	if got := p.pending; len(got) != 3 {
		t.Errorf("different work was taken for the same: %v", got)
	}
}
