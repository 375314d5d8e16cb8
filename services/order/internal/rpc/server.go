// Package rpc translates between order's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
)

var (
	_ orderv1connect.OrderServiceHandler = (*Server)(nil)
	_ orderv1connect.CartServiceHandler  = (*CartServer)(nil)
)

// Server is the OrderService.
type Server struct {
	orders   *app.Orders
	place    *app.Placer
	products *app.Products
	sources  []app.TimelineSource
}

// NewServer returns the OrderService over its use cases; the sources add their
// parts of timelines.
func NewServer(orders *app.Orders, place *app.Placer, products *app.Products, sources []app.TimelineSource) *Server {
	return &Server{orders: orders, place: place, products: products, sources: sources}
}

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	orderv1connect.RegisterOrderServiceHandler(server, s)
}

// CartServer is the CartService.
type CartServer struct {
	carts *app.Carts
}

// NewCartServer returns the CartService over its use cases.
func NewCartServer(carts *app.Carts) *CartServer { return &CartServer{carts: carts} }

// Register serves it on server.
func (s *CartServer) Register(server *connect.Server) {
	orderv1connect.RegisterCartServiceHandler(server, s)
}
