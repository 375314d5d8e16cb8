package authz_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	errorsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/errors/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
)

const active = catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE

// shownProduct is the product that a row of GetProduct is about.
func (c *cell) shownProduct() string {
	switch c.row.about {
	case missing:
		return uuid.NewString()
	case "draft":
		return c.draft().GetId()
	case "archived":
		return once(c.shop, "archived", func() string {
			id := c.newProduct(active).GetId()
			must(c.products.ArchiveProduct(c.t.Context(), &catalogv1.ArchiveProductRequest{Id: id}))
			return id
		})
	default:
		return c.product().GetId()
	}
}

// draft is a product that is not sold yet, which all share.
func (s *shop) draft() *catalogv1.Product {
	return once(s, "draft", func() *catalogv1.Product { return s.newProduct(catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT) })
}

// productCode is the code of the product that a row about orders and carts is about.
func (c *cell) productCode() string {
	if c.row.about == "draft" {
		return c.draft().GetCode()
	}
	return c.product().GetCode()
}

func (c *cell) newProductID() string {
	return c.id(func() string { return c.newProduct(active).GetId() })
}

// priced gives a product of its own another price.
func (c *cell) priced() *catalogv1.UpdateProductRequest {
	return &catalogv1.UpdateProductRequest{
		Product: &catalogv1.Product{Id: c.newProductID(), Price: euros(7)}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"price"}},
	}
}

// done returns why the row of a batch was refused; nil when it was done.
func done(refusal *errorsv1.Refusal) error {
	if refusal == nil {
		return nil
	}
	return fmt.Errorf("the row was refused: %s", refusal)
}

func catalogFixtures() map[string]fixture {
	readCategory := func(s *shop, request proto.Message) proto.Message {
		id := ""
		switch request := request.(type) {
		case *catalogv1.UpdateCategoryRequest:
			id = request.GetCategory().GetId()
		case *catalogv1.DeleteCategoryRequest:
			id = request.GetId()
		}
		return must(s.categories.GetCategory(s.t.Context(), &catalogv1.GetCategoryRequest{Id: id}))
	}
	readProduct := func(s *shop, request proto.Message) proto.Message {
		id := ""
		switch request := request.(type) {
		case *catalogv1.UpdateProductRequest:
			id = request.GetProduct().GetId()
		case *catalogv1.BatchUpdateProductsRequest:
			id = request.GetRequests()[0].GetProduct().GetId()
		case *catalogv1.ArchiveProductRequest:
			id = request.GetId()
		case *catalogv1.UnarchiveProductRequest:
			id = request.GetId()
		}
		return must(s.products.GetProduct(s.t.Context(), &catalogv1.GetProductRequest{Id: id}))
	}
	return map[string]fixture{
		"CategoryService/CreateCategory": {request: func(*cell) proto.Message {
			return &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{Name: unique("Lamps")}}
		}},
		"CategoryService/GetCategory": {request: func(c *cell) proto.Message {
			return &catalogv1.GetCategoryRequest{Id: c.id(c.category)}
		}},
		"CategoryService/ListCategories": {request: func(*cell) proto.Message { return &catalogv1.ListCategoriesRequest{} }},
		"CategoryService/UpdateCategory": {read: readCategory, request: func(c *cell) proto.Message {
			return &catalogv1.UpdateCategoryRequest{
				Category: &catalogv1.Category{Id: c.id(c.newCategory), Name: unique("Chairs")}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"name"}},
			}
		}},
		"CategoryService/DeleteCategory": {read: readCategory, request: func(c *cell) proto.Message {
			return &catalogv1.DeleteCategoryRequest{Id: c.id(c.newCategory)}
		}},
		"ProductService/CreateProduct": {request: func(c *cell) proto.Message {
			return &catalogv1.CreateProductRequest{Product: c.productTo(active)}
		}},
		"ProductService/GetProduct": {request: func(c *cell) proto.Message {
			return &catalogv1.GetProductRequest{Id: c.shownProduct()}
		}},
		"ProductService/BatchGetProducts": {request: func(c *cell) proto.Message {
			c.shows(c.shownProduct())
			return &catalogv1.BatchGetProductsRequest{Ids: []string{c.shownProduct()}}
		}},
		"ProductService/ListProducts": {request: func(c *cell) proto.Message {
			c.shows(c.productCode())
			return &catalogv1.ListProductsRequest{Filter: fmt.Sprintf("code = %q", c.productCode())}
		}},
		"ProductService/UpdateProduct": {read: readProduct, request: func(c *cell) proto.Message {
			return c.priced()
		}},
		"ProductService/BatchUpdateProducts": {read: readProduct, request: func(c *cell) proto.Message {
			c.answer = func(answer proto.Message) error {
				got, _ := answer.(*catalogv1.BatchUpdateProductsResponse)
				return done(got.GetOutcomes()[0].GetRefusal())
			}
			return &catalogv1.BatchUpdateProductsRequest{Requests: []*catalogv1.UpdateProductRequest{c.priced()}}
		}},
		"ProductService/ArchiveProduct": {read: readProduct, request: func(c *cell) proto.Message {
			return &catalogv1.ArchiveProductRequest{Id: c.newProductID()}
		}},
		"ProductService/UnarchiveProduct": {read: readProduct, request: func(c *cell) proto.Message {
			return &catalogv1.UnarchiveProductRequest{Id: c.id(func() string {
				id := c.newProduct(active).GetId()
				must(c.products.ArchiveProduct(c.t.Context(), &catalogv1.ArchiveProductRequest{Id: id}))
				return id
			})}
		}},
	}
}

// context is one that has settings, or none in a row about what is missing.
func (c *cell) context() string {
	if c.missing() {
		return "nothing"
	}
	return "inventory"
}

// newMailSender has mails come from an address that no version of the settings had.
func newMailSender() *configv1.UpdateSettingsRequest {
	return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{SenderEmail: proto.String(address("shop"))}},
	}}
}

// newThreshold changes inventory's settings.
func (c *cell) newThreshold() *configv1.UpdateSettingsRequest {
	return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: c.context(), Value: &configv1.Settings_Inventory{Inventory: &inventoryv1.Settings{LowStockThreshold: proto.Int64(rand.Int64N(1_000_000))}},
	}}
}

// readSender reads whether mails came from an address at any time.
func readSender(s *shop, request proto.Message) proto.Message {
	update, _ := request.(*configv1.UpdateSettingsRequest)
	sender := update.GetSettings().GetShop().GetSenderEmail()
	if sender == "" {
		return nil
	}
	for page := ""; ; {
		listed := must(s.settings.ListSettingsVersions(s.t.Context(), &configv1.ListSettingsVersionsRequest{Context: "shop", PageSize: 1000, PageToken: page}))
		if strings.Contains(listed.String(), sender) {
			return wrapperspb.Bool(true)
		}
		if page = listed.GetNextPageToken(); page == "" {
			return wrapperspb.Bool(false)
		}
	}
}

func configFixtures() map[string]fixture {
	return map[string]fixture{
		"ConfigService/GetSettings": {request: func(c *cell) proto.Message {
			return &configv1.GetSettingsRequest{Context: c.context()}
		}},
		"ConfigService/UpdateSettings": {
			read: readSender,
			request: func(c *cell) proto.Message {
				switch c.row.about {
				case "mail sender":
					return newMailSender()
				case "what guards":
					another := 10*time.Minute + rand.N(time.Minute)
					return &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
						Context: "identity", Value: &configv1.Settings_Identity{Identity: &identityv1.Settings{StepUpAge: durationpb.New(another)}},
					}}
				}
				return c.newThreshold()
			},
		},
		"ConfigService/ListSettingsVersions": {request: func(c *cell) proto.Message {
			return &configv1.ListSettingsVersionsRequest{Context: c.context()}
		}},
		"ConfigService/RollbackSettings": {request: func(c *cell) proto.Message {
			if c.row.about == "mail sender" {
				former := must(c.settings.UpdateSettings(c.t.Context(), newMailSender())).GetSettings()
				must(c.settings.UpdateSettings(c.t.Context(), newMailSender()))
				return &configv1.RollbackSettingsRequest{Context: former.GetContext(), Version: former.GetVersion()}
			}
			if !c.missing() { // so that there is something to take back
				must(c.settings.UpdateSettings(c.t.Context(), c.newThreshold()))
			}
			return &configv1.RollbackSettingsRequest{Context: c.context()}
		}},
		"ConfigService/WatchSettings": {request: func(c *cell) proto.Message {
			return &configv1.WatchSettingsRequest{Context: c.context()}
		}},
	}
}

func inventoryFixtures() map[string]fixture {
	return map[string]fixture{
		"InventoryService/GetStock": {request: func(c *cell) proto.Message {
			return &inventoryv1.GetStockRequest{ProductId: c.id(func() string { return c.product().GetId() })}
		}},
		"InventoryService/BatchGetStock": {request: func(c *cell) proto.Message {
			return &inventoryv1.BatchGetStockRequest{ProductIds: []string{c.product().GetId()}}
		}},
		"InventoryService/AdjustStock": {request: func(c *cell) proto.Message {
			code := unique("NOTHING")
			if !c.missing() {
				code = c.product().GetCode()
			}
			return &inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: code, Delta: 1}
		}},
		"InventoryService/BatchAdjustStock": {request: func(c *cell) proto.Message {
			c.answer = func(answer proto.Message) error {
				got, _ := answer.(*inventoryv1.BatchAdjustStockResponse)
				return done(got.GetOutcomes()[0].GetRefusal())
			}
			return &inventoryv1.BatchAdjustStockRequest{Requests: []*inventoryv1.AdjustStockRequest{
				{RequestId: uuid.NewString(), ProductCode: c.product().GetCode(), Delta: 1},
			}}
		}},
		"InventoryService/ListMovements": {request: func(*cell) proto.Message { return &inventoryv1.ListMovementsRequest{PageSize: 5} }},
		"InventoryService/ListLowStock":  {request: func(*cell) proto.Message { return &inventoryv1.ListLowStockRequest{PageSize: 5} }},
	}
}
