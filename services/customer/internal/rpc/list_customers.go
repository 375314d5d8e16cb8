package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// ListCustomers lists customers that fit a filter.
func (s *Server) ListCustomers(ctx context.Context, req *customerv1.ListCustomersRequest) (*customerv1.ListCustomersResponse, error) {
	customers, err := s.customers.ListCustomers(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
		TotalSize: req.GetIncludeTotalSize(),
	})
	if err != nil {
		return nil, err
	}
	res := &customerv1.ListCustomersResponse{
		Customers: make([]*customerv1.Customer, len(customers.Items)), NextPageToken: customers.Next, TotalSize: customers.TotalSize,
	}
	for i, customer := range customers.Items {
		res.Customers[i] = protoconv.Customer(customer)
	}
	return res, nil
}
