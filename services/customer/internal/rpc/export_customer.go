package rpc

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/app"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// export is the document that ExportCustomer returns.
type export struct {
	Customer json.RawMessage   `json:"customer,omitempty"`
	Account  json.RawMessage   `json:"account,omitempty"`
	Sessions []json.RawMessage `json:"sessions"`
	Cart     json.RawMessage   `json:"cart,omitempty"`
	Orders   []json.RawMessage `json:"orders"`
	Payments []json.RawMessage `json:"payments"`
	Refunds  []json.RawMessage `json:"refunds"`
	Mails    []json.RawMessage `json:"mails"`
}

// ExportCustomer returns all that the shop holds about a customer or a guest.
func (s *Server) ExportCustomer(ctx context.Context, req *customerv1.ExportCustomerRequest) (*customerv1.ExportCustomerResponse, error) {
	customer, records, err := s.export(ctx, req)
	if err != nil {
		return nil, err
	}
	// People read this, so it is indented; the indenting also evens out the blanks that
	// protojson varies on purpose.
	content, err := json.MarshalIndent(export{
		Customer: customer, Account: records.Account, Sessions: some(records.Sessions), Cart: records.Cart,
		Orders: some(records.Orders), Payments: some(records.Payments), Refunds: some(records.Refunds), Mails: some(records.Mails),
	}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write an export: %w", err)
	}
	return &customerv1.ExportCustomerResponse{
		Content: content, ContentType: "application/json", CreateTime: timestamppb.New(s.customers.Now()),
	}, nil
}

func (s *Server) export(ctx context.Context, req *customerv1.ExportCustomerRequest) (json.RawMessage, app.Records, error) {
	if req.GetEmail() != "" {
		records, err := s.customers.ExportGuest(ctx, req.GetEmail())
		return nil, records, err
	}
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, app.Records{}, err
	}
	customer, records, err := s.customers.ExportCustomer(ctx, id)
	if err != nil {
		return nil, app.Records{}, err
	}
	text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(protoconv.Customer(customer))
	if err != nil {
		return nil, app.Records{}, fmt.Errorf("write the export of customer %s: %w", id, err)
	}
	return text, records, nil
}

// some writes a list without items as [] and not as null.
func some(list []json.RawMessage) []json.RawMessage {
	if list == nil {
		return []json.RawMessage{}
	}
	return list
}
