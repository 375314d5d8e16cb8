// Package peers calls other contexts: catalog for products that order does not
// know yet, and the sources of an order's timeline.
package peers

import (
	"context"
	"fmt"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/events"
)

// LookupProducts returns a function that reads products from catalog by code. What
// it answers counts as version 0, so that any event about the product replaces it.
func LookupProducts(peers *peer.Peers) func(context.Context, []string) ([]domain.Product, error) {
	catalog := catalogv1connect.NewProductServiceClient(peers.Client("catalog"))
	return func(ctx context.Context, codes []string) ([]domain.Product, error) {
		res, err := catalog.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Codes: codes})
		if err != nil {
			return nil, fmt.Errorf("look products up in catalog: %w", err)
		}
		products := make([]domain.Product, 0, len(res.GetProducts()))
		for _, found := range res.GetProducts() {
			product, err := events.Product(found, 0)
			if err != nil {
				return nil, err
			}
			products = append(products, product)
		}
		return products, nil
	}
}
