package mail

import (
	"strings"
	"testing"

	"golang.org/x/text/language/display"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
)

func TestAddressesAreWrittenAsTheirRegionsDo(t *testing.T) {
	t.Parallel()
	for want, a := range map[string]*postaladdress.PostalAddress{
		"Ada Lovelace|12 St James's Square|London|SW1Y 4JH|United Kingdom": {
			RegionCode: "GB", PostalCode: "SW1Y 4JH", Locality: "London", Recipients: []string{"Ada Lovelace"}, AddressLines: []string{"12 St James's Square"},
		},
		"Ada Lovelace|Engines GmbH|Unter den Linden 1|10117 Berlin|Germany": {
			RegionCode: "DE", PostalCode: "10117", Locality: "Berlin", Recipients: []string{"Ada Lovelace"}, Organization: "Engines GmbH",
			AddressLines: []string{"Unter den Linden 1"},
		},
		"1600 Amphitheatre Parkway|Mountain View, CA 94043|United States": {
			RegionCode: "US", PostalCode: "94043", Locality: "Mountain View", AdministrativeArea: "CA", AddressLines: []string{"1600 Amphitheatre Parkway"},
		},
		"48 Pirrama Road|Pyrmont NSW 2009|Australia": {
			RegionCode: "AU", PostalCode: "2009", Locality: "Pyrmont", AdministrativeArea: "NSW", AddressLines: []string{"48 Pirrama Road"},
		},
		"1-1 Chiyoda|Chiyoda-ku, Tokyo 100-8111|Japan": {
			RegionCode: "JP", PostalCode: "100-8111", Locality: "Chiyoda-ku", AdministrativeArea: "Tokyo", AddressLines: []string{"1-1 Chiyoda"},
		},
		"1 O'Connell Street|Dublin|County Dublin|D01 F5P2|Ireland": {
			RegionCode: "IE", PostalCode: "D01 F5P2", Locality: "Dublin", AdministrativeArea: "County Dublin", AddressLines: []string{"1 O'Connell Street"},
		},
		"Sheshi Nënë Tereza 1|10000 Prishtina|Kosovo": {
			RegionCode: "XK", PostalCode: "10000", Locality: "Prishtina", AddressLines: []string{"Sheshi Nënë Tereza 1"},
		},
		"1 Nathan Road|Kowloon|Hong Kong SAR China": {
			RegionCode: "HK", Locality: "Kowloon", AddressLines: []string{"1 Nathan Road"},
		},
		"Berlin|Germany":         {RegionCode: "DE", Locality: "Berlin", AdministrativeArea: "Berlin"},
		"CA 94043|United States": {RegionCode: "US", PostalCode: "94043", AdministrativeArea: "CA"},
		"":                       {RegionCode: "DE"},
	} {
		if got := strings.Join(deliveryLines(a, display.English.Regions()), "|"); got != want {
			t.Errorf("written as %q, want %q", got, want)
		}
	}
	if got := deliveryLines(nil, display.English.Regions()); got != nil {
		t.Errorf("an erased address is written as %q", got)
	}
}

// The confirmation and the shipping mail name the delivery address, in text and HTML,
// whatever somebody typed into it.
func TestConfirmationAndShippingNameTheDeliveryAddress(t *testing.T) {
	t.Parallel()
	n := notice("EUR", amountOf("EUR", 1, 0))
	n.ShippingAddress = &postaladdress.PostalAddress{
		RegionCode: "DE", PostalCode: "10117", Locality: "Berlin", Recipients: []string{"Ada <b>Lovelace</b>"},
		AddressLines: []string{"Unter den\r\nLinden 1"},
	}
	for name, event := range map[string]Event{
		"confirmed": &orderv1.OrderConfirmed{Notice: n}, "shipped": &orderv1.OrderShipped{Notice: n, Shipment: &orderv1.Shipment{}},
	} {
		content, err := FromEvent(event)
		if err != nil {
			t.Fatal(err)
		}
		got := render(t, content)
		if want := "Delivery address\nAda <b>Lovelace</b>\nUnter den Linden 1\n10117 Berlin\nGermany\n"; !strings.Contains(got.Text, want) {
			t.Errorf("%s: the text lacks the address:\n%s", name, got.Text)
		}
		for _, want := range []string{"Delivery address", "Ada &lt;b&gt;Lovelace&lt;/b&gt;", "Unter den Linden 1", "10117 Berlin", "Germany"} {
			if !strings.Contains(got.HTML, want) {
				t.Errorf("%s: the HTML lacks %q:\n%s", name, want, got.HTML)
			}
		}
	}
	n.ShippingAddress = nil
	content, err := FromEvent(&orderv1.OrderConfirmed{Notice: n})
	if err != nil {
		t.Fatal(err)
	}
	if got := render(t, content); strings.Contains(got.Text+got.HTML, "Delivery address") {
		t.Errorf("an address that was erased is announced:\n%s", got.Text)
	}
}
