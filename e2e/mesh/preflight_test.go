//go:build mesh

package mesh

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// set changes a setting, as an owner does; nil is its default again.
func set(t *testing.T, context, field string, value any) {
	t.Helper()
	settings := map[string]any{"context": context, context: map[string]any{}}
	if value != nil {
		settings[context] = map[string]any{field: value}
	}
	body, err := json.Marshal(map[string]any{"settings": settings, "updateMask": context + "." + field})
	if err != nil {
		t.Fatal(err)
	}
	got := drive[[]answer](t, outside, "request", "-method", "POST", "-url", gateway+"/shopmesh.config.v1.ConfigService/UpdateSettings", "-ca", certificate(t),
		"-header", "Content-Type: application/json", "-header", "Authorization: Bearer "+operatorToken(t), "-body", string(body))[0]
	if got.Status != 200 {
		t.Fatalf("%s of %s: %+v", field, context, got)
	}
}

// listing is held while a test lists sites: the setting has one list, and tests run at once.
var listing sync.Mutex //nolint:gochecknoglobals // of the cluster, which all tests share

// sites lists sites whose pages may call, until what it returns is called.
func sites(t *testing.T, origins ...string) (end func()) {
	t.Helper()
	listing.Lock()
	listed := false
	defer func() {
		if !listed {
			listing.Unlock()
		}
	}()
	set(t, "edge", "corsOrigins", origins)
	listed = true
	return func() {
		defer listing.Unlock()
		set(t, "edge", "corsOrigins", nil)
	}
}

// Row 12, preflights: a browser's question whether a page of another site may call is answered by
// the services' one list, through the ingress, for each service, by RPC and by REST.
func TestRow12Preflights(t *testing.T) {
	t.Parallel()
	const friend, foreign = "https://friend.example", "https://foreign.example"
	paths := []string{
		"/shopmesh.catalog.v1.ProductService/ListProducts", "/v1/products",
		"/shopmesh.config.v1.ConfigService/GetSettings", "/v1/settings/order",
		"/shopmesh.customer.v1.CustomerService/ListCustomers", "/v1/customers",
		"/shopmesh.identity.v1.AccountService/GetSelf", "/v1/accounts/self",
		"/shopmesh.inventory.v1.InventoryService/ListMovements",
		"/shopmesh.notification.v1.NotificationService/ListNotifications", "/v1/notifications",
		"/shopmesh.order.v1.OrderService/PlaceOrder", "/v1/orders",
		"/shopmesh.payment.v1.PaymentService/ListPayments", "/v1/payments",
	}
	defer sites(t, friend)()
	ask := func(path, origin string) answer {
		return drive[[]answer](t, outside, "request", "-method", "OPTIONS", "-url", gateway+path, "-ca", certificate(t), "-header", "Origin: "+origin,
			"-header", "Access-Control-Request-Method: POST", "-header", "Access-Control-Request-Headers: authorization,connect-protocol-version,content-type")[0]
	}
	for _, path := range paths {
		eventually(t, 10*time.Second, func() error { // the setting is in force within two seconds
			got := ask(path, friend)
			if got.Status >= 300 || got.Header["access-control-allow-origin"] != friend || !strings.Contains(got.Header["access-control-allow-methods"], "POST") ||
				!strings.Contains(strings.ToLower(got.Header["access-control-allow-headers"]), "authorization") {
				return fmt.Errorf("%s from a listed site: %+v", path, got)
			}
			return nil
		})
		if got := ask(path, foreign); got.Header["access-control-allow-origin"] != "" || got.Header["access-control-allow-headers"] != "" {
			t.Errorf("%s from another site: %+v", path, got)
		}
	}
	post := drive[[]answer](t, outside, "request", "-method", "POST", "-url", gateway+"/shopmesh.order.v1.OrderService/ListOrders", "-ca", certificate(t),
		"-header", "Origin: "+foreign, "-header", "Sec-Fetch-Site: cross-site", "-header", "Content-Type: application/json", "-body", "{}")[0]
	if post.Status != 403 {
		t.Errorf("a call from a page of another site: %+v", post)
	}
	t.Logf("row 12, preflights: %d paths of 8 services answer a listed site, and none another one", len(paths))
}
