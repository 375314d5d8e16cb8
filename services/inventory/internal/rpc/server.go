// Package rpc translates between inventory's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/services/inventory/internal/app"
)

var _ inventoryv1connect.InventoryServiceHandler = (*Server)(nil)

// Server is the InventoryService.
type Server struct {
	stocks *app.Stocks
}

// NewServer returns the InventoryService over its use cases.
func NewServer(stocks *app.Stocks) *Server { return &Server{stocks: stocks} }

// Register serves it on server.
func (s *Server) Register(server *connect.Server) {
	inventoryv1connect.RegisterInventoryServiceHandler(server, s)
}
