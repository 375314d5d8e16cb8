package rpc

import (
	"context"
	"encoding/csv"
	"strings"
	"time"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
)

// ExportOrders sends the orders that fit a filter as CSV.
func (s *Server) ExportOrders(ctx context.Context, req *orderv1.ExportOrdersRequest, stream orderv1connect.OrderServiceExportOrdersServerStream) error {
	columns := exportColumns()
	lines := [][]string{names(columns)}
	return s.orders.Export(ctx, req.GetFilter(), req.GetOrderBy(), func(orders []*domain.Order) error {
		for _, o := range orders {
			lines = append(lines, values(columns, o.Snapshot()))
		}
		text, err := csvOf(lines)
		if err != nil {
			return err
		}
		lines = lines[:0]
		return stream.Send(&orderv1.ExportOrdersResponse{Csv: text})
	})
}

// column is one of the export: its name, and what it holds of an order. A column is never
// renamed, because spreadsheets and programs know it by its name.
type column struct {
	name  string
	value func(domain.Snapshot) string
}

func exportColumns() []column {
	return []column{
		{"number", func(o domain.Snapshot) string { return o.Number }},
		{"create_time", func(o domain.Snapshot) string { return csvTime(o.CreateTime) }},
		{"state", func(o domain.Snapshot) string { return o.State.String() }},
		{"cancel_reason", func(o domain.Snapshot) string { return o.CancelReason.String() }},
		{"first_name", func(o domain.Snapshot) string { return o.Contact.FirstName }},
		{"last_name", func(o domain.Snapshot) string { return o.Contact.LastName }},
		{"email", func(o domain.Snapshot) string { return o.Contact.Email }},
		{"phone", func(o domain.Snapshot) string { return o.Contact.Phone }},
		{"organization", func(o domain.Snapshot) string { return o.Address.Organization }},
		{"address_lines", func(o domain.Snapshot) string { return strings.Join(o.Address.AddressLines, ", ") }},
		{"postal_code", func(o domain.Snapshot) string { return o.Address.PostalCode }},
		{"locality", func(o domain.Snapshot) string { return o.Address.Locality }},
		{"administrative_area", func(o domain.Snapshot) string { return o.Address.AdministrativeArea }},
		{"region_code", func(o domain.Snapshot) string { return o.Address.RegionCode }},
		{"currency", func(o domain.Snapshot) string { return o.Total.Currency }},
		{"total", func(o domain.Snapshot) string { return o.Total.Decimal() }},
		{"captured", func(o domain.Snapshot) string { return o.Captured.Decimal() }},
		{"refunded", func(o domain.Snapshot) string { return o.Refunded.Decimal() }},
		{"balance", func(o domain.Snapshot) string { return o.Balance().Decimal() }},
		{"payment_method", func(o domain.Snapshot) string { return o.PaymentMethod }},
		{"carrier", func(o domain.Snapshot) string { return o.Shipment.Carrier }},
		{"tracking_code", func(o domain.Snapshot) string { return o.Shipment.TrackingCode }},
		{"ship_time", func(o domain.Snapshot) string { return csvTime(o.Shipment.ShipTime) }},
		{"deliver_time", func(o domain.Snapshot) string { return csvTime(o.Shipment.DeliverTime) }},
		{"id", func(o domain.Snapshot) string { return o.ID.String() }},
	}
}

func names(columns []column) []string {
	line := make([]string, len(columns))
	for i, c := range columns {
		line[i] = c.name
	}
	return line
}

func values(columns []column, o domain.Snapshot) []string {
	line := make([]string, len(columns))
	for i, c := range columns {
		line[i] = withoutFormula(c.value(o))
	}
	return line
}

// csvTime writes a time; the zero time is empty.
func csvTime(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}

// withoutFormula puts an apostrophe before what a spreadsheet would calculate: a customer's name
// must not be able to have the owner's machine call a page
// (https://owasp.org/www-community/attacks/CSV_Injection).
func withoutFormula(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
		return "'" + text
	}
	return text
}

// csvOf writes lines as RFC 4180 has them.
func csvOf(lines [][]string) (string, error) {
	var b strings.Builder
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	err := w.WriteAll(lines)
	return b.String(), err
}
