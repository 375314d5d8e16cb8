//go:build chromium

package web_test

import (
	"context"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
)

// bareProduct stands in for a catalog that knows a product and nothing around it, neither
// categories nor stock, and for the carts that hold the product.
type bareProduct struct {
	catalogv1connect.UnimplementedProductServiceHandler
	orderv1connect.UnimplementedCartServiceHandler
}

// partly serves pages of which parts can't be shown, and returns their address.
func partly(t *testing.T) string {
	t.Helper()
	return pagesOf(t, testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		catalogv1connect.RegisterProductServiceHandler(server, bareProduct{})
		catalogv1connect.RegisterCategoryServiceHandler(server, catalogv1connect.UnimplementedCategoryServiceHandler{})
		orderv1connect.RegisterCartServiceHandler(server, bareProduct{})
	}, "catalog", "order"))
}

func (bareProduct) GetProduct(context.Context, *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{
		Id: "01890a5d-ac96-774b-bcce-b302099a8001", Code: "BLUE", Name: "Blue mug", CategoryId: "01890a5d-ac96-774b-bcce-b302099a8002",
		Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE, Price: &money.Money{CurrencyCode: "EUR", Units: 5}, AvailableQuantity: 3,
	}}, nil
}

func (bareProduct) AddCartItem(context.Context, *orderv1.AddCartItemRequest) (*orderv1.AddCartItemResponse, error) {
	return &orderv1.AddCartItemResponse{Cart: cartOfBlue(), CartToken: token.ForCart([32]byte{1})}, nil
}

func (bareProduct) GetCart(context.Context, *orderv1.GetCartRequest) (*orderv1.GetCartResponse, error) {
	return &orderv1.GetCartResponse{Cart: cartOfBlue()}, nil
}

func cartOfBlue() *orderv1.Cart {
	return &orderv1.Cart{
		Id: "01890a5d-ac96-774b-bcce-b302099a8003", CheckoutId: "01890a5d-ac96-774b-bcce-b302099a8004", Etag: "1", Total: &money.Money{CurrencyCode: "EUR", Units: 10},
		Lines: []*orderv1.CartLine{{
			ProductCode: "BLUE", ProductId: "01890a5d-ac96-774b-bcce-b302099a8001", Name: "Blue mug", Quantity: 2,
			UnitPrice: &money.Money{CurrencyCode: "EUR", Units: 5}, Total: &money.Money{CurrencyCode: "EUR", Units: 10},
		}},
	}
}
