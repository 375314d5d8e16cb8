package pages

import (
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services/storefront/internal/messages"
	"github.com/shopmesh/shopmesh/web"
)

// The page of a product tells how soon it is sent, rounded up, and where to.
func TestDeliveryIsTold(t *testing.T) {
	t.Parallel()
	texts, err := messages.Load(web.Files())
	if err != nil {
		t.Fatal(err)
	}
	const day = 24 * time.Hour
	v := &visit{texts: texts.In("en")}
	for within, want := range map[time.Duration]string{
		time.Hour: "Sent within 1 hour of your payment.", 90 * time.Minute: "Sent within 2 hours of your payment.", 36 * time.Hour: "Sent within 36 hours of your payment.",
		day: "Sent within 1 day of your payment.", 2 * day: "Sent within 2 days of your payment.", 60 * time.Hour: "Sent within 3 days of your payment.",
	} {
		if got := v.sent(within); got != want {
			t.Errorf("%s: %q, want %q", within, got, want)
		}
	}
	for want, regions := range map[string][]string{
		"We ship worldwide.": nil, "We ship to: Austria · Germany.": {"DE", "AT"},
		"We ship to 9 countries.": {"DE", "AT", "CH", "FR", "IT", "ES", "NL", "BE", "LU"},
	} {
		v.own.Regions = regions
		if got := v.shipsTo(); got != want {
			t.Errorf("%v: %q, want %q", regions, got, want)
		}
	}
}
