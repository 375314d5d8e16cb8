//go:build chromium

package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/shopmesh/shopmesh/e2e/internal/inprocess"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/storefront"
)

// stock fills a shop with the products that the checks name and with count others, and returns
// the path of the category that has all of them. It returns when all can be ordered.
func stock(s *shop, count int) (category string) {
	s.t.Helper()
	things := s.category("Things for the house", "")
	mugs := s.category("Mugs", things)
	s.category("A subcategory whose name is longer than a phone is wide", things)
	for i := range count {
		s.product("THING-"+number(i), fmt.Sprintf("A thing with a name of some length, number %d", i), mugs, int64(10+i), pictured(i%2 == 0))
	}
	old := s.product("OLD", "Old mug", mugs, 5)
	s.product("NONE", "Sold-out mug", mugs, 7)
	s.product("ARABIC", "كوب أزرق", mugs, 9)
	s.product("LONG", "Donaudampfschifffahrtsgesellschaftskapitänsmützenhalterung", mugs, 1234)
	s.product("LOW", "Rare mug", mugs, 8)
	s.product("PICTURE", "Mug with a picture", mugs, 6, pictured(true))
	s.product("BLUE", "Blue mug", mugs, 5, func(p *catalogv1.Product) {
		p.Description = "It is blue.\n\nIt holds 300 ml."
		p.Attributes = map[string]string{"Colour": "blue", "Made of": "stoneware", "اللون": "أزرق"}
	})
	for code, quantity := range map[string]int64{"LOW": 3, "PICTURE": 500, "BLUE": 5000, "LONG": 500} {
		s.deliver(code, quantity)
		testkit.Eventually(s.t, "order knows "+code, func() bool {
			_, err := s.orderClient.QuoteOrder(s.t.Context(), &orderv1.QuoteOrderRequest{Lines: []*orderv1.OrderLineRequest{{ProductCode: code, Quantity: 1}}})
			return err == nil
		})
	}
	if _, err := s.products.ArchiveProduct(s.t.Context(), &catalogv1.ArchiveProductRequest{Id: old.GetId()}); err != nil {
		s.t.Fatal(err)
	}
	path := "/c/" + things + "/things-for-the-house"
	testkit.Eventually(s.t, "the category is there", func() bool { return s.get(path).status == http.StatusOK })
	testkit.Eventually(s.t, "the archived product is gone", func() bool { return s.get("/p/OLD/old-mug").status == http.StatusGone })
	return path
}

// pictured gives a product a picture. Who opens its page in a browser decides what is there.
func pictured(has bool) func(*catalogv1.Product) {
	return func(p *catalogv1.Product) {
		if has {
			p.Images = []*catalogv1.ProductImage{{Url: "https://pictures.example/" + p.GetCode() + ".svg", AltText: "The mug on a table"}}
		}
	}
}

// limited opens a shop that answers this address no more calls, and returns its own address.
func limited(t *testing.T) string {
	t.Helper()
	s := open(t)
	s.set(&configv1.Settings{Context: "edge", Value: &configv1.Settings_Edge{Edge: &edgev1.Settings{ReadsRate: new("1/h")}}})
	testkit.Eventually(t, "the address has no calls left", func() bool { return s.get("/").status == http.StatusTooManyRequests })
	return s.url
}

// broken serves pages whose catalog fails, and returns their address.
func broken(t *testing.T) string {
	t.Helper()
	return pagesOf(t, testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		catalogv1connect.RegisterProductServiceHandler(server, catalogv1connect.UnimplementedProductServiceHandler{})
		catalogv1connect.RegisterCategoryServiceHandler(server, catalogv1connect.UnimplementedCategoryServiceHandler{})
	}, "catalog"))
}

// away serves pages whose catalog can't be reached, from a program that holds no office, and returns their address.
func away(t *testing.T) string {
	t.Helper()
	return pagesOf(t, "http://127.0.0.1:1")
}

// pagesOf serves pages whose peers are at an address, without an office, and returns their own: a shop more
// would need more connections than the tests' database has.
func pagesOf(t *testing.T, peer string) string {
	t.Helper()
	addresses, _ := apptest.Serve(t, kitapp.Process{
		Name: "storefront", NeedsPeers: true, Log: slog.New(slog.DiscardHandler),
		Peers:         map[string]string{"catalog": peer, "customer": peer, "identity": peer, "order": peer, "config": "http://127.0.0.1:1"},
		Authenticator: testkit.Authenticator("storefront", services.Permissions()), Signers: testkit.Signer("storefront"),
	}, storefront.Module(storefront.Config{
		Context: kitapp.ContextConfig{Database: pg.Config{URL: testkit.DatabaseURL(t, storefront.Migrations())}, Kafka: testkit.Broker(t)}, PublicURL: "http://127.0.0.1", Office: fstest.MapFS{},
	}))
	return addresses.API
}

// accounts serves what makes an account with each request, as its owner would by the mailed link,
// and returns its address.
func accounts(s *shop) string {
	var count atomic.Int64
	client := identityv1connect.NewAccountServiceClient(testkit.Client(s.t, s.url))
	signUp := func(r *http.Request, email string) error {
		if _, err := client.SignUp(r.Context(), &identityv1.SignUpRequest{Email: email}); err != nil {
			return err
		}
		_, token, _ := strings.Cut(s.mailed(identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, email), "#")
		_, err := client.VerifyEmail(r.Context(), &identityv1.VerifyEmailRequest{Token: token, Password: password, FirstName: "Grace", LastName: "Hopper"})
		return err
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		email := fmt.Sprintf("customer-%d@example.com", count.Add(1))
		if err := signUp(r, email); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		_, _ = fmt.Fprint(w, email)
	}))
	s.t.Cleanup(server.Close)
	return server.URL
}

// invited serves the links that were mailed to who was invited, by their addresses, and returns its
// own address.
func invited(s *shop) string {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprint(w, s.mailed(identityv1.MailKind_MAIL_KIND_INVITATION, r.FormValue("email")))
	}))
	s.t.Cleanup(server.Close)
	return server.URL
}

// guestOrder is an order of a guest, and the path that opens it.
type guestOrder struct {
	Number string `json:"number"`
	Link   string `json:"link"`
}

// halt opens a shop whose inventory has lost its tables: an order waits for its stock, another one
// waited so long that it was cancelled, and nothing is sold any more.
func (o *served) halt(t *testing.T) {
	t.Helper()
	links := make(ownerLinks, 1)
	s := openWith(t, func(c *inprocess.Config) {
		c.Identity.PublicURL = "http://127.0.0.1"
		c.Identity.KeepOwnerLink = links.keep
	})
	o.Founder = <-links
	mugs := s.category("Mugs", "")
	mug := s.product("BLUE", "Blue mug", mugs, 5)
	s.deliver("BLUE", 10)
	const short = "sandbox_declined"
	s.set(&configv1.Settings{Context: "order", Value: &configv1.Settings_Order{Order: &orderv1.Settings{
		PaymentMethodRules: []*orderv1.PaymentMethodRule{{Method: short, PaymentWindow: durationpb.New(time.Second)}},
	}}})
	if _, err := testkit.Open(t, pg.Config{URL: s.inventoryDatabase}).Exec(t.Context(), "drop schema public cascade"); err != nil {
		t.Fatal(err)
	}
	o.Halted, o.Empty = s.url, "/c/"+mugs+"/mugs"
	var id string
	_, o.Placed = s.guestOrders("sandbox_ok")
	id, o.Expired = s.guestOrders(short)
	testkit.Eventually(t, "the order expires", func() bool { return s.order(id).GetState() == orderv1.OrderState_ORDER_STATE_CANCELLED })
	if _, err := s.products.ArchiveProduct(t.Context(), &catalogv1.ArchiveProductRequest{Id: mug.GetId()}); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the category is there", func() bool { return s.get(o.Empty).status == http.StatusOK })
}

// guestOrders has a guest order a blue mug, once order knows it.
func (s *shop) guestOrders(method string) (id string, order guestOrder) {
	s.t.Helper()
	guest := orderv1connect.NewOrderServiceClient(testkit.Client(s.t, s.url))
	req := &orderv1.PlaceOrderRequest{
		RequestId: uuid.NewString(), Contact: &orderv1.Contact{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com"},
		ShippingAddress: &postaladdress.PostalAddress{RegionCode: "GB", PostalCode: "SW1Y 4JH", Locality: "London", AddressLines: []string{"12 St James’s Square"}},
		Lines:           []*orderv1.OrderLineRequest{{ProductCode: "BLUE", Quantity: 1}}, PaymentMethod: method,
	}
	testkit.Eventually(s.t, "a guest can order", func() bool {
		res, err := guest.PlaceOrder(s.t.Context(), req)
		id, order = res.GetOrder().GetId(), guestOrder{Number: res.GetOrder().GetNumber(), Link: "/o/" + res.GetGuestToken()}
		return err == nil
	})
	return id, order
}
