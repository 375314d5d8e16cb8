// Package rpc translates between PaymentService's contract and the use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/services/payment/internal/app"
)

// The compiler checks that every RPC is here.
var _ paymentv1connect.PaymentServiceHandler = (*Server)(nil)

// Server is the PaymentService.
type Server struct{ payments app.Payments }

// NewServer returns the service over its use cases.
func NewServer(payments app.Payments) *Server { return &Server{payments: payments} }

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	paymentv1connect.RegisterPaymentServiceHandler(server, s)
}
