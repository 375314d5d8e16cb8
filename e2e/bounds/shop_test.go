package bounds_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/shopmesh/shopmesh/e2e/internal/inprocess"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1/customerv1connect"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

// shop is all contexts in this process, on a database and a broker of the test's own.
// PostgreSQL is another process: what it spends is not measured.
type shop struct {
	kitapp.Addresses
	clients clients

	codes, ids                       []string // of 200 products
	category, product, buyer, parcel string   // ids
	address                          string   // the id of the buyer's address
	paid                             string   // the id of the parcel's payment
}

// most is the largest count of lines, codes and ids that a request may hold.
const most = 200

func openShop(t *testing.T) *shop {
	t.Helper()
	broker := testkit.Broker(t)
	served := inprocess.Serve(t, inprocess.Config{
		Broker: broker, Process: trusting(t, broker),
		Identity: identity.Config{PublicURL: "https://shop.example"},
		SMTPURL:  "smtp://127.0.0.1:1", // nobody listens there: mails wait
	})
	return &shop{Addresses: served.Addresses, clients: newClients(t)}
}

// trusting is a process whose contexts know each other by their keys; every other caller
// counts as the owner.
func trusting(t *testing.T, broker kafka.Config) kitapp.Process {
	t.Helper()
	var process kitapp.Process
	keys := must[services.ServiceKeys](t)(services.NewServiceKeys(services.Contexts()...))
	services.Trust{PublicURL: testkit.TokenIssuer, Keys: keys, Self: services.Contexts(), Kafka: broker}.Apply(&process)
	identify := process.Identify
	process.Identify = func(peers *peer.Peers, log *slog.Logger) kitapp.Identification {
		found := identify(peers, log)
		verifier := found.Authenticator
		found.Authenticator = authz.AuthenticatorFunc(func(ctx context.Context, header authz.Header) (authz.Identity, error) {
			if header.Get("Authorization") == "" {
				return testkit.Owner(), nil
			}
			return verifier.Authenticate(ctx, header)
		})
		return found
	}
	return process
}

// url is where a method is served: operators' on the internal port.
func (s *shop) url(method protoreflect.MethodDescriptor) string {
	if method.ParentFile().Package() == "shopmesh.operations.v1" {
		return s.Internal
	}
	return s.API
}

// fill gives the shop what requests can name: 200 products, a customer with an address,
// and an order of all products, which is paid.
func (s *shop) fill(t *testing.T) {
	t.Helper()
	client := testkit.Client(t, s.API)
	made := must[*catalogv1.CreateCategoryResponse](t)
	category := made(catalogv1connect.NewCategoryServiceClient(client).CreateCategory(t.Context(), &catalogv1.CreateCategoryRequest{
		Category: &catalogv1.Category{Name: "Lamps"},
	}))
	s.category = category.GetCategory().GetId()
	for i := range most {
		code := fmt.Sprintf("LAMP-%d", i)
		product := must[*catalogv1.CreateProductResponse](t)(catalogv1connect.NewProductServiceClient(client).CreateProduct(t.Context(),
			&catalogv1.CreateProductRequest{Product: &catalogv1.Product{
				Code: code, Name: "Lamp", CategoryId: s.category, Price: &money.Money{CurrencyCode: "EUR", Units: 5},
			}}))
		must[*inventoryv1.AdjustStockResponse](t)(inventoryv1connect.NewInventoryServiceClient(client).AdjustStock(t.Context(),
			&inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: code, Delta: 10_000, Reason: "delivery"}))
		s.product = product.GetProduct().GetId()
		s.codes, s.ids = append(s.codes, code), append(s.ids, s.product)
	}
	s.fillPersons(t, client)
	s.fillOrders(t, client)
}

func (s *shop) fillPersons(t *testing.T, client *connect.Client) {
	t.Helper()
	customers := customerv1connect.NewCustomerServiceClient(client)
	buyer := must[*customerv1.CreateCustomerResponse](t)(customers.CreateCustomer(t.Context(), &customerv1.CreateCustomerRequest{
		Customer: &customerv1.Customer{FirstName: "Ada", Email: "ada@example.com"},
	}))
	s.buyer = buyer.GetCustomer().GetId()
	address := must[*customerv1.CreateAddressResponse](t)(customers.CreateAddress(t.Context(), &customerv1.CreateAddressRequest{
		CustomerId: s.buyer, Address: &customerv1.Address{PostalAddress: home()},
	}))
	s.address = address.GetAddress().GetId()
}

func (s *shop) fillOrders(t *testing.T, client *connect.Client) {
	t.Helper()
	orders := orderv1connect.NewOrderServiceClient(client)
	placed := must[*orderv1.PlaceOrderResponse](t)(orders.PlaceOrder(t.Context(), s.largeOrder()))
	s.parcel = placed.GetOrder().GetId()
	history := must[orderv1connect.OrderServiceWatchOrderClientStream](t)(orders.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: s.parcel}))
	defer func() { _ = history.Close() }()
	for state := orderv1.OrderState_ORDER_STATE_UNSPECIFIED; state != orderv1.OrderState_ORDER_STATE_CONFIRMED; {
		state = must[*orderv1.WatchOrderResponse](t)(history.Receive()).GetEntry().GetState()
	}
	payments := must[*paymentv1.ListPaymentsResponse](t)(paymentv1connect.NewPaymentServiceClient(client).ListPayments(t.Context(),
		&paymentv1.ListPaymentsRequest{Filter: fmt.Sprintf("order_id = %q", s.parcel)}))
	s.paid = payments.GetPayments()[0].GetId()
}

func (s *shop) largeOrder() *orderv1.PlaceOrderRequest {
	return &orderv1.PlaceOrderRequest{
		RequestId: uuid.NewString(), PaymentMethod: "sandbox_ok", Lines: s.lines(), ShippingAddress: home(),
		Contact: &orderv1.Contact{FirstName: "Ada", Email: uuid.NewString() + "@example.com"},
	}
}

func (s *shop) lines() []*orderv1.OrderLineRequest {
	lines := make([]*orderv1.OrderLineRequest, len(s.codes))
	for i, code := range s.codes {
		lines[i] = &orderv1.OrderLineRequest{ProductCode: code, Quantity: 1}
	}
	return lines
}

func home() *postaladdress.PostalAddress {
	return &postaladdress.PostalAddress{RegionCode: "GB", Locality: "London", PostalCode: "N1 9GU", AddressLines: []string{"1 Loom Lane"}}
}

func must[M any](t *testing.T) func(M, error) M {
	return func(message M, err error) M {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return message
	}
}
