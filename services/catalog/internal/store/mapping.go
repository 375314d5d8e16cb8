package store

import (
	"encoding/json"
	"fmt"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/catalog/internal/domain"
	"github.com/shopmesh/shopmesh/services/catalog/internal/store/db"
)

// image is an element of products.images.
type image struct {
	URL     string `json:"url"`
	AltText string `json:"alt_text,omitempty"`
}

func toDBNewCategory(c domain.CategorySnapshot) db.CategoryInsertParams {
	return db.CategoryInsertParams{
		ID: c.ID, ParentID: nullable(c.ParentID), Name: c.Name, NameKey: grammar.Fold(c.Name), Description: c.Description,
		Version: c.Version, CreateTime: c.CreateTime, UpdateTime: c.UpdateTime,
	}
}

func toDBCategory(c domain.CategorySnapshot) db.CategoryUpdateParams {
	return db.CategoryUpdateParams{
		ID: c.ID, ParentID: nullable(c.ParentID), Name: c.Name, NameKey: grammar.Fold(c.Name), Description: c.Description,
		Version: c.Version, UpdateTime: c.UpdateTime,
	}
}

func fromDBCategory(row db.Category) domain.CategorySnapshot {
	c := domain.CategorySnapshot{
		ID: row.ID, Name: row.Name, Description: row.Description,
		Version: row.Version, CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	}
	if row.ParentID != nil {
		c.ParentID = *row.ParentID
	}
	return c
}

func nullable(id uuid.UUID) *uuid.UUID {
	if id == uuid.Nil {
		return nil
	}
	return &id
}

func toDBNewProduct(p domain.ProductSnapshot) (db.ProductInsertParams, error) {
	attributes, images, err := documents(p)
	return db.ProductInsertParams{
		ID: p.ID, Code: p.Code, Name: p.Name, Description: p.Description, CategoryID: p.CategoryID,
		PriceCurrency: p.Price.Currency, PriceAmount: p.Price.Amount, PriceMajor: p.Price.Decimal(),
		Status:     string(p.Status),
		Attributes: attributes, Images: images,
		Version: p.Version, CreateTime: p.CreateTime, UpdateTime: p.UpdateTime,
	}, err
}

func toDBProduct(p domain.ProductSnapshot) (db.ProductUpdateParams, error) {
	attributes, images, err := documents(p)
	return db.ProductUpdateParams{
		ID: p.ID, Name: p.Name, Description: p.Description, CategoryID: p.CategoryID,
		PriceCurrency: p.Price.Currency, PriceAmount: p.Price.Amount, PriceMajor: p.Price.Decimal(),
		Status:     string(p.Status),
		Attributes: attributes, Images: images, Version: p.Version, UpdateTime: p.UpdateTime,
	}, err
}

func documents(p domain.ProductSnapshot) (attributes, images []byte, err error) {
	named := p.Attributes
	if named == nil {
		named = map[string]string{}
	}
	if attributes, err = json.Marshal(named); err != nil {
		return nil, nil, fmt.Errorf("attributes of product %s: %w", p.ID, err)
	}
	pictures := make([]image, len(p.Images))
	for i, picture := range p.Images {
		pictures[i] = image(picture)
	}
	if images, err = json.Marshal(pictures); err != nil {
		return nil, nil, fmt.Errorf("images of product %s: %w", p.ID, err)
	}
	return attributes, images, nil
}

func fromDBListing(row db.Product, available int64) (domain.Listing, error) {
	product := domain.ProductSnapshot{
		ID: row.ID, Code: row.Code, Name: row.Name, Description: row.Description, CategoryID: row.CategoryID,
		Price: money.Money{Currency: row.PriceCurrency, Amount: row.PriceAmount}, Status: domain.Status(row.Status),
		Version: row.Version, CreateTime: row.CreateTime, UpdateTime: row.UpdateTime,
	}
	if err := json.Unmarshal(row.Attributes, &product.Attributes); err != nil {
		return domain.Listing{}, fmt.Errorf("attributes of product %s: %w", row.ID, err)
	}
	var pictures []image
	if err := json.Unmarshal(row.Images, &pictures); err != nil {
		return domain.Listing{}, fmt.Errorf("images of product %s: %w", row.ID, err)
	}
	for _, picture := range pictures {
		product.Images = append(product.Images, domain.Image(picture))
	}
	return domain.Listing{ProductSnapshot: product, Available: available}, nil
}

func toDBLevels(levels []domain.Level) db.AvailabilityUpsertManyParams {
	columns := db.AvailabilityUpsertManyParams{
		ProductIds: make([]uuid.UUID, len(levels)),
		Availables: make([]int64, len(levels)),
		Versions:   make([]int64, len(levels)),
	}
	for i, level := range levels {
		columns.ProductIds[i], columns.Availables[i], columns.Versions[i] = level.ProductID, level.Available, level.Version
	}
	return columns
}
