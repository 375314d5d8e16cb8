package rpc

import (
	"context"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/customer/internal/protoconv"
)

// ListCustomers lists customers that fit a filter.
func (s *Server) ListCustomers(ctx context.Context, req *customerv1.ListCustomersRequest) (*customerv1.ListCustomersResponse, error) {
	customers, next, err := s.customers.ListCustomers(ctx, page.Request{
		Size: req.GetPageSize(), Token: req.GetPageToken(), Filter: req.GetFilter(), OrderBy: req.GetOrderBy(),
	})
	if err != nil {
		return nil, err
	}
	res := &customerv1.ListCustomersResponse{Customers: make([]*customerv1.Customer, len(customers)), NextPageToken: next}
	for i, customer := range customers {
		res.Customers[i] = protoconv.Customer(customer)
	}
	return res, nil
}
