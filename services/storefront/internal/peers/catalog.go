// Package peers calls the contexts that pages are made of.
package peers

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/kit/peer"
)

// Catalog is what the shop sells.
type Catalog struct {
	products   catalogv1connect.ProductServiceClient
	categories catalogv1connect.CategoryServiceClient
	now        func() time.Time

	reading singleflight.Group
	counts  counts
	mu      sync.Mutex
	tree    *Tree
	read    time.Time
}

// kept is how long the tree of categories, and how many products fit a filter, are used before
// they are read again: pages show a change of them that much later.
const kept = 2 * time.Second

// pageOfCategories is how many categories are read at once, as many as the contract lets.
const pageOfCategories = 1000

// NewCatalog returns the catalog of others.
func NewCatalog(others *peer.Peers, now func() time.Time) *Catalog {
	client := others.Client("catalog")
	return &Catalog{
		products: catalogv1connect.NewProductServiceClient(client), categories: catalogv1connect.NewCategoryServiceClient(client), now: now,
		counts: counts{now: now},
	}
}

// Product reads one by its code.
func (c *Catalog) Product(ctx context.Context, code string) (*catalogv1.Product, error) {
	res, err := c.products.GetProduct(ctx, &catalogv1.GetProductRequest{Code: code})
	return res.GetProduct(), err
}

// ProductsOf reads those of up to 200 codes; those that are not there are left out.
func (c *Catalog) ProductsOf(ctx context.Context, codes []string) ([]*catalogv1.Product, error) {
	if len(codes) == 0 {
		return nil, nil
	}
	res, err := c.products.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Codes: codes})
	return res.GetProducts(), err
}

// Products returns a page of products, and the token of the next one.
func (c *Catalog) Products(ctx context.Context, req *catalogv1.ListProductsRequest) ([]*catalogv1.Product, string, error) {
	res, err := c.products.ListProducts(ctx, req)
	return res.GetProducts(), res.GetNextPageToken(), err
}

// Listed is a page of products.
type Listed struct {
	Products []*catalogv1.Product
	// Next is the token of the next page; empty on the last.
	Next string
	// Total is how many all pages hold: up to 10,000 exactly, 10,001 for more.
	Total int
}

// List returns a page of products that anybody may see, and how many there are: counted now, or
// for another page of the last two seconds with the same filter.
func (c *Catalog) List(ctx context.Context, req *catalogv1.ListProductsRequest) (Listed, error) {
	total, known := c.counts.of(req.GetFilter())
	req.IncludeTotalSize = !known
	res, err := c.products.ListProducts(ctx, req)
	if err != nil {
		return Listed{}, err
	}
	if !known {
		total = int(res.GetTotalSize())
		c.counts.keep(req.GetFilter(), total)
	}
	return Listed{Products: res.GetProducts(), Next: res.GetNextPageToken(), Total: total}, nil
}

// Categories returns the tree of categories. It is the same for everybody, so it is read by
// the service itself, once for all visitors of two seconds.
func (c *Catalog) Categories(ctx context.Context) (*Tree, error) {
	c.mu.Lock()
	tree, read := c.tree, c.read
	c.mu.Unlock()
	if tree != nil && c.now().Sub(read) < kept {
		return tree, nil
	}
	// Whoever leaves does not take the answer from those who wait for it, too.
	ctx = peer.AsItself(context.WithoutCancel(ctx))
	got, err, _ := c.reading.Do("", func() (any, error) { return c.readTree(ctx) })
	tree, _ = got.(*Tree)
	return tree, err
}

func (c *Catalog) readTree(ctx context.Context) (*Tree, error) {
	var all []*catalogv1.Category
	req := &catalogv1.ListCategoriesRequest{PageSize: pageOfCategories}
	for {
		res, err := c.categories.ListCategories(ctx, req)
		if err != nil {
			return nil, err
		}
		all = append(all, res.GetCategories()...)
		if req.PageToken = res.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	tree := NewTree(all)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tree, c.read = tree, c.now()
	return tree, nil
}
