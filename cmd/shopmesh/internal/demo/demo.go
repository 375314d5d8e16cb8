// Package demo fills a shop with a believable product line, so that somebody who tries it
// has something to sell. Filling it again changes nothing.
package demo

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
)

// One line a category: key, key of the parent, name, description.
//
//go:embed categories.tsv
var categoriesTSV string

// One line a product: category, code, name, price, description, attribute, variants (value=code,…).
//
//go:embed products.tsv
var productsTSV string

// currency of all demo prices.
const currency = "EUR"

// requests is the namespace that the request ids of the first stock are made in,
// so that filling the shop again adds no stock.
var requests = uuid.MustParse("6f2d3a52-6f0c-5d0e-9a43-0a7c1f4e8b21")

type category struct{ key, parent, name, description string }

type product struct {
	category, code, name, description string
	price                             money.Money
	attributes                        map[string]string
	stock                             int64
}

// Fill creates the demo's categories and products that are missing, and gives a first
// stock to products that never had any. It returns how many products the demo has. It
// reads what exists before it creates anything, so that filling a shop again makes no
// failing call and keeps what its owner changed.
func Fill(ctx context.Context, catalog, inventory *connect.Client) (int, error) {
	categories, err := parseCategories(categoriesTSV)
	if err != nil {
		return 0, err
	}
	products, err := parseProducts(productsTSV)
	if err != nil {
		return 0, err
	}
	ids, err := fillCategories(ctx, catalogv1connect.NewCategoryServiceClient(catalog), categories)
	if err != nil {
		return 0, err
	}
	f := filler{catalog: catalogv1connect.NewProductServiceClient(catalog), inventory: inventoryv1connect.NewInventoryServiceClient(inventory)}
	for chunk := range slices.Chunk(products, batch) {
		if err := f.fill(ctx, chunk, ids); err != nil {
			return 0, err
		}
	}
	return len(products), nil
}

// FillAt fills the shop whose catalog and inventory answer at one of the clients each.
func FillAt(ctx context.Context, clients []*connect.Client) (int, error) {
	var catalog, inventory *connect.Client
	var refused error
	for _, client := range clients {
		if _, err := catalogv1connect.NewCategoryServiceClient(client).ListCategories(ctx, &catalogv1.ListCategoriesRequest{PageSize: 1}); err == nil {
			catalog = client
		} else {
			refused = errors.Join(refused, err)
		}
		if _, err := inventoryv1connect.NewInventoryServiceClient(client).ListMovements(ctx, &inventoryv1.ListMovementsRequest{PageSize: 1}); err == nil {
			inventory = client
		} else {
			refused = errors.Join(refused, err)
		}
	}
	for name, client := range map[string]*connect.Client{"catalog": catalog, "inventory": inventory} {
		if client == nil {
			if code := connect.CodeOf(refused); code == connect.CodeUnauthenticated || code == connect.CodePermissionDenied {
				return 0, fmt.Errorf("%s wants another token: pass --token-file with one that shopmesh token --as %s printed: %w", name, Role, refused)
			}
			return 0, fmt.Errorf("no address given answers as %s: pass --addr for its API: %w", name, refused)
		}
	}
	return Fill(ctx, catalog, inventory)
}

// Role is what a token needs for filling a shop, as the operator's socket names it.
const Role = "staff:CATALOG_READ,CATALOG_WRITE,STOCK_READ,STOCK_WRITE"

const (
	// batch is how many products are looked up in one call.
	batch = 100
	// callers is how many calls are made at a time.
	callers = 16
)

// filler creates products and their first stock.
type filler struct {
	catalog   catalogv1connect.ProductServiceClient
	inventory inventoryv1connect.InventoryServiceClient
}

func (f filler) fill(ctx context.Context, products []product, categories map[string]string) error {
	codes := make([]string, len(products))
	for i, p := range products {
		codes[i] = p.code
	}
	there, err := f.catalog.BatchGetProducts(ctx, &catalogv1.BatchGetProductsRequest{Codes: codes})
	if err != nil {
		return fmt.Errorf("look for the demo's products: %w", err)
	}
	created := make(map[string]bool, len(products))
	for _, p := range there.GetProducts() {
		created[p.GetCode()] = true
	}
	stock, err := f.inventory.BatchGetStock(ctx, &inventoryv1.BatchGetStockRequest{ProductCodes: codes})
	if err != nil {
		return fmt.Errorf("look for the demo's stock: %w", err)
	}
	stocked := make(map[string]bool, len(products))
	for _, s := range stock.GetStocks() {
		stocked[s.GetProductCode()] = s.GetOnHand() > 0
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(callers)
	for _, p := range products {
		group.Go(func() error {
			if err := f.fillProduct(ctx, categories[p.category], p, created[p.code], stocked[p.code]); err != nil {
				return fmt.Errorf("fill in product %s: %w", p.code, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// fillProduct creates a product that is not there, and gives it its first stock unless
// its stock was ever moved: what was sold out stays sold out.
func (f filler) fillProduct(ctx context.Context, categoryID string, p product, created, stocked bool) error {
	if stocked {
		return nil
	}
	if !created {
		_, err := f.catalog.CreateProduct(ctx, &catalogv1.CreateProductRequest{Product: &catalogv1.Product{
			Code: p.code, Name: p.name, Description: p.description, CategoryId: categoryID,
			Price: moneypb.Proto(p.price), Attributes: p.attributes,
		}})
		if err != nil {
			return err
		}
	} else {
		moved, err := f.inventory.ListMovements(ctx, &inventoryv1.ListMovementsRequest{PageSize: 1, Filter: fmt.Sprintf("product_code = %q", p.code)})
		if err != nil || len(moved.GetMovements()) > 0 {
			return err
		}
	}
	_, err := f.inventory.AdjustStock(ctx, &inventoryv1.AdjustStockRequest{
		RequestId: uuid.NewSHA1(requests, []byte(p.code)).String(), ProductCode: p.code, Delta: p.stock, Reason: "first stock",
	})
	return err
}

// fillCategories creates the missing categories, parents first, and returns the ids by key.
func fillCategories(ctx context.Context, service catalogv1connect.CategoryServiceClient, categories []category) (map[string]string, error) {
	known := map[string]string{}
	for token := ""; ; {
		page, err := service.ListCategories(ctx, &catalogv1.ListCategoriesRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			return nil, fmt.Errorf("list categories: %w", err)
		}
		for _, c := range page.GetCategories() {
			known[c.GetParentId()+"/"+c.GetName()] = c.GetId()
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	ids := map[string]string{}
	for _, c := range categories {
		if id, ok := known[ids[c.parent]+"/"+c.name]; ok {
			ids[c.key] = id
			continue
		}
		res, err := service.CreateCategory(ctx, &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{
			Name: c.name, Description: c.description, ParentId: ids[c.parent],
		}})
		if err != nil {
			return nil, fmt.Errorf("create category %s: %w", c.name, err)
		}
		ids[c.key] = res.GetCategory().GetId()
	}
	return ids, nil
}

func parseCategories(tsv string) ([]category, error) {
	var all []category
	for line := range strings.Lines(tsv) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 4 {
			return nil, fmt.Errorf("demo category %q: want 4 fields, got %d", line, len(f))
		}
		all = append(all, category{key: f[0], parent: f[1], name: f[2], description: f[3]})
	}
	return all, nil
}

func parseProducts(tsv string) ([]product, error) {
	var all []product
	for line := range strings.Lines(tsv) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 7 {
			return nil, fmt.Errorf("demo product %q: want 7 fields, got %d", line, len(f))
		}
		price, err := money.Parse(f[3], currency)
		if err != nil {
			return nil, fmt.Errorf("demo product %s: %w", f[2], err)
		}
		for variant := range strings.SplitSeq(f[6], ",") {
			value, short, ok := strings.Cut(variant, "=")
			if !ok {
				return nil, fmt.Errorf("demo product %s: variant %q has no code", f[2], variant)
			}
			code := strings.ToUpper(f[0][:2]) + "-" + f[1] + "-" + short
			all = append(all, product{
				category: f[0], code: code, name: f[2] + ", " + value, description: f[4], price: price,
				attributes: map[string]string{f[5]: value}, stock: firstStock(code),
			})
		}
	}
	return all, nil
}

// firstStock is between 5 and 84, the same for a code each time.
func firstStock(code string) int64 {
	h := fnv.New32a()
	h.Write([]byte(code))
	return 5 + int64(h.Sum32()%80)
}
