package etag_test

import (
	"testing"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
	"github.com/shopmesh/shopmesh/kit/fault"
)

// Another version and another resource have another etag; who names none is not checked.
func TestAnEtagNamesOneVersion(t *testing.T) {
	t.Parallel()
	id, other := uuid.New(), uuid.New()
	current := etag.Of(id, 2)
	if len(current) != 16 || current != etag.Of(id, 2) {
		t.Errorf("etag %q: want 16 characters, the same each time", current)
	}
	for _, given := range []string{"", current} {
		if err := etag.Check(given, current); err != nil {
			t.Errorf("etag %q: %v", given, err)
		}
	}
	for _, given := range []string{etag.Of(id, 1), etag.Of(other, 2), "made up"} {
		refused, ok := fault.Of(etag.Check(given, current))
		if !ok || refused.Reason() != fault.ReasonEtagMismatch {
			t.Errorf("etag %q: %v, want ETAG_MISMATCH", given, refused)
		}
	}
}
