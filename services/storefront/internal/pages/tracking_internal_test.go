package pages

import (
	"testing"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// A parcel is followed on its carrier's page, whatever its code holds.
func TestParcelsAreFollowedAtTheirCarriers(t *testing.T) {
	t.Parallel()
	own := OwnSettings{Carriers: []Carrier{{"DHL", "https://dhl.example/{code}"}, {"Post", "https://post.example/?a={code}&b={code}"}}}
	for _, row := range []struct{ carrier, code, want string }{
		{"DHL", "0034 04", "https://dhl.example/0034%2004"}, {" post ", "A&b=/?#", "https://post.example/?a=A%26b%3D%2F%3F%23&b=A%26b%3D%2F%3F%23"},
		{"DHL", " ", ""}, {"UPS", "1", ""}, {"", "1", ""},
	} {
		if got := own.trackingURL(&orderv1.Shipment{Carrier: row.carrier, TrackingCode: row.code}); got != row.want {
			t.Errorf("%q, %q: %q, want %q", row.carrier, row.code, got, row.want)
		}
	}
}
