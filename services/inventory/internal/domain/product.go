package domain

import (
	"fmt"

	"github.com/google/uuid"
)

// ProductStatus is whether a product is sold. The values are stored.
type ProductStatus int16

// The statuses, numbered as in shopmesh.catalog.v1.ProductStatus.
const (
	Draft    ProductStatus = 1
	Active   ProductStatus = 2
	Archived ProductStatus = 3
)

// Product is what inventory knows of a product: its code never changes.
type Product struct {
	id      uuid.UUID
	code    string
	status  ProductStatus
	version int64
}

// NewProduct is a product as the catalog has it. Its version counts its changes there; 0
// when that is not known. It refuses a product without an id, a code or a status.
func NewProduct(id uuid.UUID, code string, status ProductStatus, version int64) (Product, error) {
	if id == uuid.Nil || code == "" || status < Draft || status > Archived || version < 0 {
		return Product{}, fmt.Errorf("product %s has the code %q, the status %d and the version %d", id, code, status, version)
	}
	return Product{id: id, code: code, status: status, version: version}, nil
}

// ID returns the product's id.
func (p Product) ID() uuid.UUID { return p.id }

// Code names the product to people.
func (p Product) Code() string { return p.code }

// Status is whether it is sold.
func (p Product) Status() ProductStatus { return p.status }

// Version counts the product's changes in the catalog; 0 when that is not known.
func (p Product) Version() int64 { return p.version }

// LatestProducts returns each product once, as the newest of its versions has it, in
// the order in which they came first.
func LatestProducts(products []Product) []Product {
	at := make(map[uuid.UUID]int, len(products))
	latest := make([]Product, 0, len(products))
	for _, p := range products {
		i, again := at[p.id]
		switch {
		case !again:
			at[p.id] = len(latest)
			latest = append(latest, p)
		case latest[i].version < p.version:
			latest[i] = p
		}
	}
	return latest
}
