// Package rpc translates between order's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
)

var _ orderv1connect.OrderServiceHandler = (*Server)(nil)

// Server is the OrderService.
type Server struct {
	orders    *app.Orders
	place     *app.PlaceOrder
	products  *app.Products
	witnesses []app.Witness
}

// NewServer returns the OrderService over its use cases; the witnesses tell their
// parts of timelines.
func NewServer(orders *app.Orders, place *app.PlaceOrder, products *app.Products, witnesses []app.Witness) *Server {
	return &Server{orders: orders, place: place, products: products, witnesses: witnesses}
}

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	orderv1connect.RegisterOrderServiceHandler(server, s)
}
