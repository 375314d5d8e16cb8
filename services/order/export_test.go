package order_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// exported is what the export of a filter has: how many messages, and its lines by columns.
func (b *harness) exported(filter, orderBy string) (messages int, rows []map[string]string) {
	b.t.Helper()
	stream, err := b.client.ExportOrders(b.t.Context(), &orderv1.ExportOrdersRequest{Filter: filter, OrderBy: orderBy})
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = stream.Close() }()
	var text strings.Builder
	for {
		part, err := stream.Receive()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.t.Fatal(err)
		}
		if !strings.HasSuffix(part.GetCsv(), "\r\n") && part.GetCsv() != "" {
			b.t.Errorf("a message ends within a line: %q", part.GetCsv())
		}
		messages++
		text.WriteString(part.GetCsv())
	}
	read := csv.NewReader(strings.NewReader(text.String()))
	all, err := read.ReadAll()
	if err != nil {
		b.t.Fatalf("%v: %q", err, text.String())
	}
	for _, line := range all[1:] {
		row := make(map[string]string, len(line))
		for i, name := range all[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return messages, rows
}

// An export holds all orders that fit the filter, each once, in the order of the list, with
// what the order holds.
func TestAnExportIsTheFilter(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.uncap()
	b.sell("MUG", 500)
	const placed = 205 // more than is read at once
	var numbers []string
	for i := range placed {
		b.wait(time.Second)
		o := b.placed()
		if i%2 == 0 {
			b.confirm(o)
		}
		numbers = append(numbers, o.GetNumber())
	}
	messages, rows := b.exported("", "create_time")
	got := make([]string, len(rows))
	for i, row := range rows {
		got[i] = row["number"]
	}
	if messages != 2 || !slices.Equal(got, numbers) {
		t.Errorf("%d messages with %d orders, want 2 with %d: %q", messages, len(rows), placed, got)
	}
	_, confirmed := b.exported(`state = CONFIRMED`, "")
	if len(confirmed) != 103 || confirmed[0]["number"] != numbers[204] {
		t.Errorf("%d confirmed orders, the first is %v", len(confirmed), confirmed[0])
	}
	if messages, none := b.exported(`email = "nobody@example.com"`, ""); messages != 1 || len(none) != 0 {
		t.Errorf("of nobody: %d messages with %v", messages, none)
	}
	stream, err := b.client.ExportOrders(t.Context(), &orderv1.ExportOrdersRequest{Filter: "colour = RED"})
	if err == nil {
		_, err = stream.Receive()
	}
	testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
}

// A text is one cell, whatever is in it, and never a formula.
func TestAnExportedTextIsATextAndNoFormula(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	req := request()
	req.Contact = &orderv1.Contact{FirstName: `=HYPERLINK("https://evil.example";"x")`, LastName: `O"Hara, Jr.`, Email: "ada@example.com", Phone: "+44 20 7946 0000"}
	req.ShippingAddress = &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "-1+1", Locality: "@SUM(A1)", AddressLines: []string{"12 St James's Square", "Flat; 3"}}
	res, err := b.client.PlaceOrder(t.Context(), req)
	if err != nil {
		t.Fatal(err)
	}
	b.confirm(res.GetOrder())
	if _, err := b.client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: res.GetOrder().GetId(), Carrier: "DHL", TrackingCode: "0034"}); err != nil {
		t.Fatal(err)
	}
	_, rows := b.exported("", "")
	row := rows[0]
	for name, want := range map[string]string{
		"first_name": `'=HYPERLINK("https://evil.example";"x")`, "last_name": `O"Hara, Jr.`, "phone": "'+44 20 7946 0000", "postal_code": "'-1+1",
		"locality": "'@SUM(A1)", "address_lines": "12 St James's Square, Flat; 3", "state": "SHIPPED", "currency": "EUR", "total": "10.00",
		"captured": "10.00", "refunded": "0.00", "balance": "10.00", "tracking_code": "0034", "id": res.GetOrder().GetId(),
		"create_time": res.GetOrder().GetCreateTime().AsTime().Format(time.RFC3339), "deliver_time": "", "cancel_reason": "",
	} {
		if row[name] != want {
			t.Errorf("%s is %q, want %q", name, row[name], want)
		}
	}
	if len(row) != 25 {
		t.Errorf("%d columns: %s", len(row), fmt.Sprint(row))
	}
}
