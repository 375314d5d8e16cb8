package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/services/customer/internal/contract"
)

// ExportCustomer returns all that is stored about a customer, as the ProtoJSON of
// the customer.
func (s *Server) ExportCustomer(ctx context.Context, req *customerv1.ExportCustomerRequest) (*customerv1.ExportCustomerResponse, error) {
	var read reader
	id := read.id("id", req.GetId())
	if err := read.err(); err != nil {
		return nil, err
	}
	customer, err := s.customers.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	text, err := protojson.MarshalOptions{EmitUnpopulated: true}.Marshal(contract.Customer(customer))
	if err != nil {
		return nil, fmt.Errorf("write the export of customer %s: %w", id, err)
	}
	// The library varies its blanks on purpose; people read this.
	var content bytes.Buffer
	if err := json.Indent(&content, text, "", "  "); err != nil {
		return nil, fmt.Errorf("write the export of customer %s: %w", id, err)
	}
	return &customerv1.ExportCustomerResponse{
		Content: content.Bytes(), ContentType: "application/json", CreateTime: timestamppb.New(s.customers.Now()),
	}, nil
}
