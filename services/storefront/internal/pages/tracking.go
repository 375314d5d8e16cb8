package pages

import (
	"net/url"
	"strings"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

// trackingURL is the carrier's page about a shipment; empty where the owner named none.
func (o OwnSettings) trackingURL(shipment *orderv1.Shipment) string {
	code := strings.TrimSpace(shipment.GetTrackingCode())
	if code == "" {
		return ""
	}
	for _, carrier := range o.Carriers {
		if strings.EqualFold(carrier.Name, strings.TrimSpace(shipment.GetCarrier())) {
			// In a path, "+" is no space.
			return strings.ReplaceAll(carrier.TrackingURL, "{code}", strings.ReplaceAll(url.QueryEscape(code), "+", "%20"))
		}
	}
	return ""
}
