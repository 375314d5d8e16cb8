// Package peers calls other contexts: the catalog, for products that inventory does not know yet.
package peers

import (
	"context"
	"fmt"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/inventory/internal/domain"
	"github.com/shopmesh/shopmesh/services/inventory/internal/protoconv"
)

// Products finds products in the catalog, for those that inventory does not know.
type Products struct {
	client catalogv1connect.ProductServiceClient
}

// NewProducts returns the products of the catalog, called through others.
func NewProducts(others *peer.Peers) *Products {
	return &Products{client: catalogv1connect.NewProductServiceClient(others.Client("catalog"))}
}

// ByCode finds a product; false when there is none. It fails with UNAVAILABLE when
// the catalog is away.
func (p *Products) ByCode(ctx context.Context, code string) (domain.Product, bool, error) {
	return p.find(ctx, &catalogv1.GetProductRequest{Code: code}, code)
}

// ByID finds a product; false when there is none. It fails with UNAVAILABLE when
// the catalog is away.
func (p *Products) ByID(ctx context.Context, id uuid.UUID) (domain.Product, bool, error) {
	return p.find(ctx, &catalogv1.GetProductRequest{Id: id.String()}, id.String())
}

func (p *Products) find(ctx context.Context, req *catalogv1.GetProductRequest, what string) (domain.Product, bool, error) {
	res, err := p.client.GetProduct(ctx, req)
	switch {
	case connect.CodeOf(err) == connect.CodeNotFound:
		return domain.Product{}, false, nil
	case peer.Away(err):
		return domain.Product{}, false, fault.New(fault.Unavailable, fault.ReasonUnavailable,
			"the catalog can't be queried for product %s now; try again", what).RetryAfter(time.Second).Because(err)
	case err != nil:
		return domain.Product{}, false, fmt.Errorf("query the catalog for product %s: %w", what, err)
	}
	id, err := uuid.Parse(res.GetProduct().GetId())
	if err != nil {
		return domain.Product{}, false, fmt.Errorf("the catalog's id of product %s: %w", what, err)
	}
	status, err := protoconv.ProductStatus(res.GetProduct().GetStatus())
	if err != nil {
		return domain.Product{}, false, fmt.Errorf("the catalog's product %s: %w", what, err)
	}
	product, err := domain.NewProduct(id, res.GetProduct().GetCode(), status, 0)
	if err != nil {
		return domain.Product{}, false, fmt.Errorf("the catalog's answer for product %s: %w", what, err)
	}
	return product, true, nil
}
