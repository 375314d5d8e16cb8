package authz_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// cell is what a fixture makes a request for: a row of the table, and a caller of one of its
// columns.
type cell struct {
	*shop

	row row
	// as is who calls. A fixture that makes something of the caller's own replaces them
	// by another of the same column.
	as caller
	// answer, when a fixture sets it, finds out what is wrong with the answer to its request.
	answer func(proto.Message) error
}

// shows has the answer hold a text, or not where the table states that it leaves out what the
// row is about.
func (c *cell) shows(text string) {
	c.answer = func(answer proto.Message) error {
		if want := c.row.cells[c.as.column] != leftOut; strings.Contains(fmt.Sprint(answer), text) != want {
			return fmt.Errorf("that it shows %s is not %t: %v", text, want, answer)
		}
		return nil
	}
}

func (c *cell) missing() bool { return c.row.about == missing }

// id is the id that create returns, and of nothing in a row about what is missing.
func (c *cell) id(create func() string) string {
	if c.missing() {
		return uuid.NewString()
	}
	return create()
}

// fixture makes requests of an RPC.
type fixture struct {
	// request makes what the request of a cell needs, and the request: with it the call
	// succeeds for who may make it.
	request func(*cell) proto.Message
	// dear is for calls that take the hash of a password when they succeed, which is slow on
	// purpose: see triedBy.
	dear bool
	// read reads as the owner what a request names, to find out whether refused calls changed
	// it; nil where that is not tried.
	read func(*shop, proto.Message) proto.Message
}

// fixtures are those of all RPCs, by the table's names.
var fixtures = func() map[string]fixture {
	all := make(map[string]fixture)
	for _, some := range []map[string]fixture{
		catalogFixtures(), configFixtures(), customerFixtures(), accountFixtures(), staffFixtures(), inventoryFixtures(),
		notificationFixtures(), operationsFixtures(), orderFixtures(), cartFixtures(), paymentFixtures(),
	} {
		maps.Copy(all, some)
	}
	return all
}()

// category is one that all share, newCategory another one.
func (s *shop) category() string { return once(s, "category", s.newCategory) }

func (s *shop) newCategory() string {
	return must(s.categories.CreateCategory(s.t.Context(), &catalogv1.CreateCategoryRequest{
		Category: &catalogv1.Category{Name: unique("Lamps")},
	})).GetCategory().GetId()
}

// product is one that all share, of which there is enough; newProduct another one.
func (s *shop) product() *catalogv1.Product {
	return once(s, "product", func() *catalogv1.Product {
		product := s.newProduct(catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE)
		must(s.stock.AdjustStock(s.t.Context(), &inventoryv1.AdjustStockRequest{
			RequestId: uuid.NewString(), ProductCode: product.GetCode(), Delta: 100_000_000,
		}))
		return product
	})
}

func (s *shop) newProduct(status catalogv1.ProductStatus) *catalogv1.Product {
	return must(s.products.CreateProduct(s.t.Context(), &catalogv1.CreateProductRequest{Product: s.productTo(status)})).GetProduct()
}

// productTo is a product that is not made yet.
func (s *shop) productTo(status catalogv1.ProductStatus) *catalogv1.Product {
	return &catalogv1.Product{Code: unique("LAMP"), Name: "Lamp", CategoryId: s.category(), Price: euros(5), Status: status}
}

// newCustomer makes a customer, who makes the call where a customer does whom it belongs to.
func (c *cell) newCustomer() string {
	id := must(c.customers.CreateCustomer(c.t.Context(), &customerv1.CreateCustomerRequest{
		Customer: &customerv1.Customer{FirstName: "Ada", Email: address("ada")},
	})).GetCustomer().GetId()
	if c.as.column == ada {
		c.as = c.as.like(testkit.Customer(id))
	}
	return id
}

// placed is an order, the address that it is written about, and its token when it is a guest's.
type placed struct{ id, number, token, email string }

// place places an order of a customer; "" stands for a guest. The owner places it, whose
// orders are not counted.
func (s *shop) place(customer string, quantity int32) placed {
	request := s.orderTo(quantity)
	request.CustomerId = customer
	answer := must(s.orders.PlaceOrder(s.t.Context(), request))
	return placed{answer.GetOrder().GetId(), answer.GetOrder().GetNumber(), answer.GetGuestToken(), request.GetContact().GetEmail()}
}

func (s *shop) orderTo(quantity int32) *orderv1.PlaceOrderRequest {
	return &orderv1.PlaceOrderRequest{
		RequestId: uuid.NewString(), PaymentMethod: "sandbox_ok", ShippingAddress: home(),
		Lines:   []*orderv1.OrderLineRequest{{ProductCode: s.product().GetCode(), Quantity: quantity}},
		Contact: &orderv1.Contact{FirstName: "Ada", Email: address("ada")},
	}
}

// confirmed returns an order once it is paid.
func (s *shop) confirmed(o placed) placed {
	history := must(s.orders.WatchOrder(s.t.Context(), &orderv1.WatchOrderRequest{Id: o.id}))
	defer func() { _ = history.Close() }()
	for {
		entry, err := history.Receive()
		if errors.Is(err, io.EOF) {
			err = fmt.Errorf("the order %s ended before it was paid", o.id)
		}
		if must(entry, err).GetEntry().GetState() == orderv1.OrderState_ORDER_STATE_CONFIRMED {
			return o
		}
	}
}

// adasOrder and guestsOrder are shared, and are paid.
func (s *shop) adasOrder() placed {
	return once(s, "ada's order", func() placed { return s.confirmed(s.place(s.adasID(), 1)) })
}

func (s *shop) guestsOrder() placed {
	return once(s, "the guest's order", func() placed { return s.confirmed(s.place("", 1)) })
}

// sharedOrder is the order that a row is about, which all share.
func (c *cell) sharedOrder() string {
	switch c.row.about {
	case missing:
		return uuid.NewString()
	case "guest's":
		return c.guestsOrder().id
	default:
		return c.adasOrder().id
	}
}

// newOrder is an order that a row is about, and is paid. Its guest makes the call where a guest does
// whom it belongs to.
func (c *cell) newOrder() string {
	switch c.row.about {
	case missing:
		return uuid.NewString()
	case "guest's":
		order := c.confirmed(c.place("", 1))
		if c.as.column == guest {
			c.as = c.as.showing(order.token)
		}
		return order.id
	default:
		return c.confirmed(c.place(c.adasID(), 1)).id
	}
}

func home() *postaladdress.PostalAddress {
	return &postaladdress.PostalAddress{RegionCode: "GB", Locality: "London", PostalCode: "N1 9GU", AddressLines: []string{"1 Loom Lane"}}
}
