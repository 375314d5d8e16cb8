package storefront_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"connectrpc.com/connect/v2"
	"google.golang.org/genproto/googleapis/type/money"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1/catalogv1connect"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	kitrpc "github.com/shopmesh/shopmesh/kit/rpc"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/storefront"
)

const category = "01890a5d-ac96-774b-bcce-b302099a8001"

// catalog stands in for the catalog, and notes who calls it.
type catalog struct {
	catalogv1connect.UnimplementedProductServiceHandler
	catalogv1connect.UnimplementedCategoryServiceHandler

	mu      sync.Mutex
	callers map[string]authz.Kind // by address, of calls for products
	lists   error                 // what ListProducts answers
	tree    error                 // what ListCategories answers
}

func (c *catalog) note(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.callers[kitrpc.ClientPrefix(ctx).Addr().String()] = authz.Caller(ctx).Kind
}

func (c *catalog) GetProduct(ctx context.Context, req *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
	c.note(ctx)
	return &catalogv1.GetProductResponse{Product: &catalogv1.Product{
		Id: category, Code: req.GetCode(), Name: "Mug", CategoryId: category, Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE,
		Price: &money.Money{CurrencyCode: "KWD", Units: 3, Nanos: 250_000_000}, AvailableQuantity: 3,
	}}, nil
}

func (c *catalog) ListProducts(ctx context.Context, _ *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
	c.note(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	return &catalogv1.ListProductsResponse{}, c.lists
}

func (c *catalog) ListCategories(context.Context, *catalogv1.ListCategoriesRequest) (*catalogv1.ListCategoriesResponse, error) {
	return &catalogv1.ListCategoriesResponse{Categories: []*catalogv1.Category{{Id: category, Name: "Cups"}}}, c.tree
}

// serve serves a storefront whose peers are elsewhere, behind a proxy that names its clients.
func serve(t *testing.T, peer string) string {
	t.Helper()
	return serveOffice(t, peer, fstest.MapFS{})
}

// serveOffice serves a storefront with a build of the office.
func serveOffice(t *testing.T, peer string, office fs.FS) string {
	t.Helper()
	proxies, err := kitrpc.ParseProxies("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	addresses, _ := apptest.Serve(t, kitapp.Process{
		Name: "storefront", Edge: kitapp.Edge{Proxies: proxies}, NeedsPeers: true,
		Peers:         map[string]string{"catalog": peer, "customer": peer, "identity": peer, "order": peer, "config": "http://127.0.0.1:1"},
		Authenticator: testkit.Authenticator("storefront", services.Permissions()), Signers: testkit.Signer("storefront"),
	}, storefront.Module(storefront.Config{
		Context:   kitapp.ContextConfig{Database: pg.Config{URL: testkit.DatabaseURL(t, storefront.Migrations())}, Kafka: testkit.Broker(t)},
		PublicURL: "https://shop.example",
		Office:    office,
	}))
	return addresses.API
}

func get(t *testing.T, url, from string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Forwarded-For", from)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(body)
}

// A storefront of its own calls the catalog as the visitor: for their address, and with no
// more rights than they have.
func TestPagesCallAsTheVisitor(t *testing.T) {
	t.Parallel()
	behind := &catalog{callers: make(map[string]authz.Kind)}
	url := serve(t, testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		catalogv1connect.RegisterProductServiceHandler(server, behind)
		catalogv1connect.RegisterCategoryServiceHandler(server, behind)
	}, "catalog"))
	res, body := get(t, url+"/p/MUG/mug", "203.0.113.9")
	if res.StatusCode != http.StatusOK || !strings.Contains(body, "3 left") || !strings.Contains(body, "3.250") {
		t.Errorf("the page is %d\n%s", res.StatusCode, body)
	}
	if res, _ := get(t, url+"/", "2001:db8:1:2:3::4"); res.StatusCode != http.StatusOK {
		t.Errorf("the start page is %d", res.StatusCode)
	}
	behind.mu.Lock()
	defer behind.mu.Unlock()
	for _, address := range []string{"203.0.113.9", "2001:db8:1:2::"} {
		if kind, called := behind.callers[address]; !called || kind != authz.Anonymous {
			t.Errorf("the catalog was not called by an anonymous visitor from %s, but by %v", address, behind.callers)
		}
	}
	if len(behind.callers) != 2 {
		t.Errorf("others called: %v", behind.callers)
	}
}

// A product is shown where only what stands around it can't be read, and what is missing is
// named.
func TestAPartThatIsMissingIsNamed(t *testing.T) {
	t.Parallel()
	behind := &catalog{callers: make(map[string]authz.Kind), lists: errors.New("broken"), tree: errors.New("broken")}
	url := serve(t, testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		catalogv1connect.RegisterProductServiceHandler(server, behind)
		catalogv1connect.RegisterCategoryServiceHandler(server, behind)
	}, "catalog"))
	res, body := get(t, url+"/p/MUG/mug", "203.0.113.9")
	for _, want := range []string{"3 left", "Add to cart", "The categories above it can’t be shown", "From the same category", "They can’t be shown right now", "Sent within 2 days of your payment. We ship worldwide."} {
		if res.StatusCode != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("the page is %d and lacks %q\n%s", res.StatusCode, want, body)
		}
	}
}

// What the catalog can't answer is a page that tells what to do, with a reference that is in
// the log, and is not kept.
func TestWhatCantBeShownIsAPage(t *testing.T) {
	t.Parallel()
	behind := &catalog{callers: make(map[string]authz.Kind)}
	url := serve(t, testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		catalogv1connect.RegisterProductServiceHandler(server, behind)
		catalogv1connect.RegisterCategoryServiceHandler(server, behind)
	}, "catalog"))
	for _, row := range []struct {
		answer error
		status int
		want   string
	}{
		{fault.New(fault.Exhausted, fault.ReasonRateLimited, "too many").RetryAfter(7e9), http.StatusTooManyRequests, "That was too much at once"},
		{fault.New(fault.Unavailable, fault.ReasonUnavailable, "away").RetryAfter(1e9), http.StatusServiceUnavailable, "The shop is busy"},
		{errors.New("broken"), http.StatusInternalServerError, "Something went wrong"},
	} {
		behind.mu.Lock()
		behind.lists = row.answer
		behind.mu.Unlock()
		res, body := get(t, url+"/", "203.0.113.9")
		if res.StatusCode != row.status || !strings.Contains(body, row.want) || !strings.Contains(body, `class="reference"`) {
			t.Errorf("%v: %d\n%s", row.answer, res.StatusCode, body)
		}
		if strings.Contains(body, "broken") {
			t.Error("the cause is shown")
		}
		if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("ETag") != "" {
			t.Errorf("%d may be kept: %v", row.status, res.Header)
		}
		if row.status == http.StatusTooManyRequests && res.Header.Get("Retry-After") != "7" {
			t.Errorf("it is to be tried again after %q", res.Header.Get("Retry-After"))
		}
	}
	away := serve(t, "http://127.0.0.1:1")
	if res, body := get(t, away+"/de/", "203.0.113.9"); res.StatusCode != http.StatusServiceUnavailable || !strings.Contains(body, "Der Shop ist beschäftigt") {
		t.Errorf("without the catalog: %d\n%s", res.StatusCode, body)
	}
}
