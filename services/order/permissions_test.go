package order_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
)

func clerk(permissions ...optionsv1.Permission) authz.Identity {
	return authz.Identity{Kind: authz.Staff, ID: "clerk", Permissions: permissions}
}

const (
	ordersRead  = optionsv1.Permission_PERMISSION_ORDERS_READ
	ordersWrite = optionsv1.Permission_PERMISSION_ORDERS_WRITE
)

// StateMovesNeedOrdersWrite (Shopware CVE-2026-48014): whoever reads orders moves none, and
// neither does another context.
func TestStateMovesNeedOrdersWrite(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	o := b.placed()
	moves := func(client orderv1connect.OrderServiceClient) map[string]error {
		_, cancelled := client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: o.GetId()})
		_, shipped := client.ShipOrder(t.Context(), &orderv1.ShipOrderRequest{Id: o.GetId()})
		_, delivered := client.MarkOrderDelivered(t.Context(), &orderv1.MarkOrderDeliveredRequest{Id: o.GetId()})
		_, updated := client.UpdateOrder(t.Context(), &orderv1.UpdateOrderRequest{Order: &orderv1.Order{Id: o.GetId(), Shipment: &orderv1.Shipment{Carrier: "X"}}})
		_, all := client.BatchShipOrders(t.Context(), &orderv1.BatchShipOrdersRequest{Requests: []*orderv1.ShipOrderRequest{{Id: o.GetId()}}})
		return map[string]error{"cancel": cancelled, "ship": shipped, "ship all": all, "deliver": delivered, "update": updated}
	}
	for name, caller := range map[string]authz.Identity{
		"staff that reads": clerk(ordersRead), "staff with the rest": clerk(optionsv1.Permission_PERMISSION_PAYMENTS_REFUND, optionsv1.Permission_PERMISSION_CUSTOMERS_WRITE),
		"customer": {Kind: authz.Service, ID: "customer", Permissions: []optionsv1.Permission{ordersRead}},
	} {
		for move, err := range moves(b.as(caller)) {
			if connect.CodeOf(err) != connect.CodePermissionDenied {
				t.Errorf("%s: %s: %v", name, move, err)
			}
		}
	}
	after, err := b.client.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: o.GetId()})
	if err != nil || after.GetOrder().GetEtag() != o.GetEtag() {
		t.Errorf("the order was changed: %v, %v", after, err)
	}
	if err := moves(b.as(clerk(ordersWrite)))["cancel"]; err != nil {
		t.Errorf("staff that writes: %v", err)
	}
}

// A list holds one's own orders; all of them need ORDERS_READ, and so does one that is
// another's.
func TestOrdersOfOthersNeedOrdersRead(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := authz.Identity{Kind: authz.Customer, ID: uuid.NewString()}
	own, err := b.as(ada).PlaceOrder(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	b.placed()
	for name, row := range map[string]struct {
		caller authz.Identity
		lists  int
		code   connect.Code
		reads  bool
	}{
		"ada":                  {ada, 1, 0, true},
		"another customer":     {authz.Identity{Kind: authz.Customer, ID: uuid.NewString()}, 0, 0, false},
		"staff that reads":     {clerk(ordersRead), 2, 0, true},
		"staff with the rest":  {clerk(ordersWrite), 0, connect.CodePermissionDenied, false},
		"customer, a context":  {authz.Identity{Kind: authz.Service, ID: "customer", Permissions: []optionsv1.Permission{ordersRead}}, 2, 0, true},
		"payment, another one": {authz.Identity{Kind: authz.Service, ID: "payment"}, 0, connect.CodePermissionDenied, false},
		"a guest with a cart":  {authz.GuestOfCart([32]byte{1}), 0, connect.CodePermissionDenied, false},
		"nobody":               {authz.Identity{}, 0, connect.CodeUnauthenticated, false},
	} {
		client := b.as(row.caller)
		list, err := client.ListOrders(t.Context(), &orderv1.ListOrdersRequest{})
		if row.code != 0 && connect.CodeOf(err) != row.code || row.code == 0 && (err != nil || len(list.GetOrders()) != row.lists) {
			t.Errorf("%s lists %d orders, %v", name, len(list.GetOrders()), err)
		}
		if _, err := client.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: own.GetOrder().GetId()}); (err == nil) != row.reads {
			t.Errorf("%s reads ada's: %v", name, err)
		}
	}
}

// The cap on unpaid orders holds for all but those who may write orders, and only these
// order for others.
func TestOnlyWhoWritesOrdersIsUncapped(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	place := func(caller authz.Identity, customer string) error {
		req := request()
		req.CustomerId = customer
		_, err := b.as(caller).PlaceOrder(t.Context(), req)
		return err
	}
	reader := clerk(ordersRead)
	var refused error
	for range 4 {
		refused = place(reader, "")
	}
	testkit.Refused(t, refused, connect.CodeResourceExhausted, "TOO_MANY_UNPAID_ORDERS")
	somebody := uuid.NewString()
	for range 5 {
		if err := place(clerk(ordersWrite), somebody); err != nil {
			t.Errorf("staff that writes: %v", err)
		}
	}
	for name, caller := range map[string]authz.Identity{"staff that reads": reader, "a context": {Kind: authz.Service, ID: "customer", Permissions: []optionsv1.Permission{ordersRead}}} {
		if err := place(caller, somebody); connect.CodeOf(err) != connect.CodePermissionDenied {
			t.Errorf("%s orders for somebody: %v", name, err)
		}
	}
}

// Another's order costs the database no more than one that is not there: the statements, their
// order and with them the time show nothing about it.
func TestAnothersOrderCostsWhatAMissingOneCosts(t *testing.T) {
	t.Parallel()
	b := newHarness(t)
	b.sell("MUG", 500)
	ada := authz.Identity{Kind: authz.Customer, ID: uuid.NewString()}
	placed, err := b.as(ada).PlaceOrder(t.Context(), request())
	if err != nil {
		t.Fatal(err)
	}
	statements := &testkit.Statements{}
	deps := b.orders.Deps
	deps.Pool = testkit.Open(t, pg.Config{URL: b.database, Tracer: statements})
	orders := app.NewOrders(deps)
	for name, caller := range map[string]authz.Identity{
		"another customer": {Kind: authz.Customer, ID: uuid.NewString()},
		"a guest":          authz.GuestOfOrder(authz.GuestOrder{OrderID: uuid.New(), MAC: make([]byte, 32)}),
	} {
		client := orderv1connect.NewOrderServiceClient(b.serve(caller, orders, b.place))
		for rpc, call := range map[string]func(id string) error{
			"GetOrder": func(id string) error {
				_, err := client.GetOrder(t.Context(), &orderv1.GetOrderRequest{Id: id})
				return err
			},
			"WatchOrder": func(id string) error {
				stream, err := client.WatchOrder(t.Context(), &orderv1.WatchOrderRequest{Id: id})
				if err != nil {
					return err
				}
				defer func() { _ = stream.Close() }()
				_, err = stream.Receive()
				return err
			},
			"CancelOrder": func(id string) error {
				_, err := client.CancelOrder(t.Context(), &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: id})
				return err
			},
		} {
			look := func(id string) string {
				statements.Begin()
				testkit.Refused(t, call(id), connect.CodeNotFound, "ORDER_NOT_FOUND")
				return statements.End()
			}
			anothers, missing := look(placed.GetOrder().GetId()), look(uuid.NewString())
			if anothers != missing || !strings.Contains(anothers, "Order") || rpc != "CancelOrder" && strings.Contains(anothers, "Line") {
				t.Errorf("%s: %s: another's order takes\n%s\nand a missing one\n%s", name, rpc, anothers, missing)
			}
		}
	}
}
