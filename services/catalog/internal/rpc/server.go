// Package rpc translates between the catalog's contract and its use cases.
package rpc

import (
	"connectrpc.com/connect/v2"

	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/services/catalog/internal/app"
)

var (
	_ catalogv1connect.CategoryServiceHandler = (*CategoryServer)(nil)
	_ catalogv1connect.ProductServiceHandler  = (*ProductServer)(nil)
)

// CategoryServer is the CategoryService.
type CategoryServer struct {
	categories *app.Categories
}

// NewCategoryServer returns the CategoryService over its use cases.
func NewCategoryServer(categories *app.Categories) *CategoryServer {
	return &CategoryServer{categories: categories}
}

// Register serves it on server.
func (s *CategoryServer) Register(server *connect.Server) {
	catalogv1connect.RegisterCategoryServiceHandler(server, s)
}

// ProductServer is the ProductService.
type ProductServer struct {
	products *app.Products
}

// NewProductServer returns the ProductService over its use cases.
func NewProductServer(products *app.Products) *ProductServer {
	return &ProductServer{products: products}
}

// Register serves it on server.
func (s *ProductServer) Register(server *connect.Server) {
	catalogv1connect.RegisterProductServiceHandler(server, s)
}
