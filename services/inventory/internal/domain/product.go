package domain

import "github.com/google/uuid"

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
	ID     uuid.UUID
	Code   string
	Status ProductStatus
	// Version counts the changes of the product in the catalog; 0 when it is not known.
	Version int64
}

// LatestProducts returns each product once, as the newest of its versions has it, in
// the order in which they came first.
func LatestProducts(products []Product) []Product {
	at := make(map[uuid.UUID]int, len(products))
	latest := make([]Product, 0, len(products))
	for _, p := range products {
		i, again := at[p.ID]
		switch {
		case !again:
			at[p.ID] = len(latest)
			latest = append(latest, p)
		case latest[i].Version < p.Version:
			latest[i] = p
		}
	}
	return latest
}
