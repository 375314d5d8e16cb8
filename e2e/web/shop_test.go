// Package web_test tries the pages of the shop, with all contexts as they run in production.
package web_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"

	"github.com/shopmesh/shopmesh/e2e/internal/inprocess"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1/configv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1/inventoryv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

const publicURL = "https://shop.example"

// maxPage is the budget of a page, compressed.
const maxPage = 14_000

// shop is one in this process, and its owner's clients.
type shop struct {
	t          *testing.T
	url        string
	products   catalogv1connect.ProductServiceClient
	categories catalogv1connect.CategoryServiceClient
	stock      inventoryv1connect.InventoryServiceClient
	settings   configv1connect.ConfigServiceClient
	// orderClient is the owner's, and mailer one as which notification calls.
	orderClient, mailer orderv1connect.OrderServiceClient
	mails               notificationv1connect.NotificationServiceClient
	payments            paymentv1connect.PaymentServiceClient
	// links is called as notification, and broker has the events by which mails are requested.
	links  identityv1connect.TokenServiceClient
	broker kafka.Config
	// inventoryDatabase and orderDatabase are URLs.
	inventoryDatabase, orderDatabase string
	// stop stops the shop before the test ends.
	stop func()
}

func open(t *testing.T) *shop {
	t.Helper()
	return openWith(t, func(*inprocess.Config) {})
}

// openWith opens a shop that differs from the others in something.
func openWith(t *testing.T, change func(*inprocess.Config)) *shop {
	t.Helper()
	broker := testkit.Broker(t)
	config := inprocess.Config{
		Broker: broker, Identity: identity.Config{PublicURL: publicURL, Contexts: services.Contexts()}, SMTPURL: "smtp://127.0.0.1:1",
	}
	change(&config)
	config.Process = trusting(broker, config.Identity.PublicURL)
	served := inprocess.Serve(t, config)
	client := testkit.Client(t, served.API, testkit.AsFunc(t, testkit.Owner))
	mailer := testkit.Client(t, served.API, testkit.As(t, testkit.ServiceCaller("notification")))
	return &shop{
		mails: notificationv1connect.NewNotificationServiceClient(client), payments: paymentv1connect.NewPaymentServiceClient(client),
		orderClient: orderv1connect.NewOrderServiceClient(client), mailer: orderv1connect.NewOrderServiceClient(mailer),
		links: identityv1connect.NewTokenServiceClient(mailer), broker: broker,
		t: t, url: served.API, stop: served.Stop, inventoryDatabase: served.InventoryDatabase, orderDatabase: served.OrderDatabase, products: catalogv1connect.NewProductServiceClient(client), categories: catalogv1connect.NewCategoryServiceClient(client),
		stock: inventoryv1connect.NewInventoryServiceClient(client), settings: configv1connect.NewConfigServiceClient(client),
	}
}

// trusting is a process that takes the tokens of identity, and those of testkit for whom a test
// calls as.
func trusting(broker kafka.Config, public string) kitapp.Process {
	process := kitapp.Process{}
	keys := services.ServiceKeys{Signers: make(map[string]*token.ServiceSigner)}
	for _, context := range services.Contexts() {
		keys.Signers[context] = testkit.Signer(context)[context]
		keys.Public = token.Join(keys.Public, testkit.ServiceKey(context).PublicOf(context))
	}
	services.Trust{PublicURL: public, Keys: keys, Self: services.Contexts(), Kafka: broker}.Apply(&process)
	ofTests := testkit.VerifierConfig("", services.Permissions())
	ofTests.Self = services.Contexts()
	first, identify := token.NewVerifier(ofTests), process.Identify
	process.Identify = func(peers *peer.Peers, log *slog.Logger) kitapp.Identification {
		found := identify(peers, log)
		then := found.Authenticator
		found.Authenticator = authz.AuthenticatorFunc(func(ctx context.Context, header authz.Header) (authz.Identity, error) {
			if caller, err := first.Authenticate(ctx, header); err == nil {
				return caller, nil
			}
			return then.Authenticate(ctx, header)
		})
		return found
	}
	return process
}

func (s *shop) category(name, parent string) string {
	s.t.Helper()
	res, err := s.categories.CreateCategory(s.t.Context(), &catalogv1.CreateCategoryRequest{Category: &catalogv1.Category{
		Name: name, ParentId: parent, Description: "All about " + name,
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetCategory().GetId()
}

// product adds a product that costs so many euros.
func (s *shop) product(code, name, category string, euros int64, change ...func(*catalogv1.Product)) *catalogv1.Product {
	s.t.Helper()
	product := &catalogv1.Product{Code: code, Name: name, CategoryId: category, Price: &money.Money{CurrencyCode: "EUR", Units: euros}}
	for _, c := range change {
		c(product)
	}
	res, err := s.products.CreateProduct(s.t.Context(), &catalogv1.CreateProductRequest{Product: product})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetProduct()
}

// deliver puts some of a product into stock, and waits until the catalog knows.
func (s *shop) deliver(code string, quantity int64) {
	s.t.Helper()
	testkit.Eventually(s.t, "inventory knows "+code, func() bool {
		_, err := s.stock.AdjustStock(context.WithoutCancel(s.t.Context()), &inventoryv1.AdjustStockRequest{
			RequestId: uuid.NewString(), ProductCode: code, Delta: quantity, Reason: "delivery",
		})
		return err == nil
	})
	testkit.Eventually(s.t, "the catalog knows the stock of "+code, func() bool {
		res, err := s.products.GetProduct(s.t.Context(), &catalogv1.GetProductRequest{Code: code})
		return err == nil && res.GetProduct().GetAvailableQuantity() == quantity
	})
}

// take takes some of a product out of stock, and waits until the catalog knows.
func (s *shop) take(code string, quantity int64) {
	s.t.Helper()
	before, err := s.products.GetProduct(s.t.Context(), &catalogv1.GetProductRequest{Code: code})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := s.stock.AdjustStock(s.t.Context(), &inventoryv1.AdjustStockRequest{
		RequestId: uuid.NewString(), ProductCode: code, Delta: -quantity, Reason: "broken",
	}); err != nil {
		s.t.Fatal(err)
	}
	testkit.Eventually(s.t, "the catalog knows the stock of "+code, func() bool {
		res, err := s.products.GetProduct(s.t.Context(), &catalogv1.GetProductRequest{Code: code})
		return err == nil && res.GetProduct().GetAvailableQuantity() == before.GetProduct().GetAvailableQuantity()-quantity
	})
}

// linkOf returns the link of Ada's order, as notification gets it for a mail.
func (s *shop) linkOf(order string) string {
	s.t.Helper()
	res, err := s.mailer.MintOrderLinks(s.t.Context(), &orderv1.MintOrderLinksRequest{Mails: []*orderv1.OrderMail{{OrderId: order, Recipient: "ada@example.com"}}})
	if err != nil {
		s.t.Fatal(err)
	}
	return res.GetLinks()[0]
}

// page is an answer.
type page struct {
	status int
	header http.Header
	body   string
	// size is how many bytes were sent.
	size int
}

// get requests a path as a browser does, without following redirects. headers are name and
// value in turn.
func (s *shop) get(path string, headers ...string) page {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "gzip, br")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	p := page{status: res.StatusCode, header: res.Header, body: string(raw), size: len(raw)}
	if p.size > maxPage && strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") {
		s.t.Errorf("%s has %d bytes in %q, want %d at most", path, p.size, res.Header.Get("Content-Encoding"), maxPage)
	}
	if res.Header.Get("Content-Encoding") == "gzip" {
		unzip, err := gzip.NewReader(strings.NewReader(p.body))
		if err != nil {
			s.t.Fatal(err)
		}
		text, err := io.ReadAll(unzip)
		if err != nil {
			s.t.Fatal(err)
		}
		p.body = string(text)
	}
	return p
}

// shows gets a page, checks its form, and that it holds these texts.
func (s *shop) shows(path string, status int, texts ...string) page {
	s.t.Helper()
	p := s.get(path)
	if p.status != status {
		s.t.Fatalf("%s is %d, want %d\n%s", path, p.status, status, p.body)
	}
	checkHTML(s.t, path, p.body)
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			s.t.Errorf("%s lacks %q\n%s", path, text, p.body)
		}
	}
	return p
}

// lacks checks that a page does not hold these texts.
func (s *shop) lacks(p page, texts ...string) {
	s.t.Helper()
	for _, text := range texts {
		if strings.Contains(p.body, text) {
			s.t.Errorf("the page holds %q\n%s", text, p.body)
		}
	}
}

func number(i int) string { return fmt.Sprintf("%03d", i) }
