// Package rpc translates between the customers' contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	"github.com/shopmesh/shopmesh/services/customer/internal/app"
)

var _ customerv1connect.CustomerServiceHandler = (*Server)(nil)

// Server is the CustomerService.
type Server struct {
	customers *app.Customers
}

// NewServer returns the CustomerService over its use cases.
func NewServer(customers *app.Customers) *Server { return &Server{customers: customers} }

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	customerv1connect.RegisterCustomerServiceHandler(server, s)
}
