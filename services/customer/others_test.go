package customer_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1/notificationv1connect"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1/paymentv1connect"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
)

// others are identity, order, payment and notification as customer sees them: their
// contracts, on a server of their own.
type others struct {
	identityv1connect.UnimplementedAccountServiceHandler
	orderv1connect.UnimplementedCartServiceHandler
	orderv1connect.UnimplementedOrderServiceHandler
	paymentv1connect.UnimplementedPaymentServiceHandler
	notificationv1connect.UnimplementedNotificationServiceHandler

	mu     sync.Mutex
	orders []*orderv1.Order
	// account is who signs in as a customer, by the customer's id.
	account map[string]string
	away    bool
}

func (s *others) add(orders ...*orderv1.Order) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orders = append(s.orders, orders...)
}

// signIn gives a customer an account.
func (s *others) signIn(customer, account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.account = map[string]string{customer: account}
}

// ExportAccount gives each account two sessions.
func (s *others) ExportAccount(_ context.Context, req *identityv1.ExportAccountRequest) (*identityv1.ExportAccountResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.account[req.GetCustomerId()] == "" {
		return &identityv1.ExportAccountResponse{}, nil
	}
	return &identityv1.ExportAccountResponse{
		Account: &identityv1.Account{Id: s.account[req.GetCustomerId()]}, Sessions: []*identityv1.ActiveSession{{Agent: "phone"}, {Agent: "laptop"}},
	}, nil
}

// ExportCart gives each customer one line, of the customer's id.
func (s *others) ExportCart(_ context.Context, req *orderv1.ExportCartRequest) (*orderv1.ExportCartResponse, error) {
	return &orderv1.ExportCartResponse{Cart: &orderv1.Cart{Lines: []*orderv1.CartLine{{ProductCode: req.GetCustomerId()}}}}, nil
}

func (s *others) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = true
}

// ListOrders knows the filters that customer uses, and gives one order a page.
func (s *others) ListOrders(_ context.Context, req *orderv1.ListOrdersRequest) (*orderv1.ListOrdersResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "order is away")
	}
	var found []*orderv1.Order
	for _, order := range s.orders {
		unfit := func(comparison string) bool { return !fits(order, comparison) }
		if !slices.ContainsFunc(strings.Split(req.GetFilter(), " AND "), unfit) {
			found = append(found, order)
		}
	}
	for i, order := range found {
		if req.GetPageToken() == "" || i > 0 && found[i-1].GetId() == req.GetPageToken() {
			res := &orderv1.ListOrdersResponse{Orders: []*orderv1.Order{proto.CloneOf(order)}}
			res.Orders[0].History = nil
			if i < len(found)-1 {
				res.NextPageToken = order.GetId()
			}
			return res, nil
		}
	}
	return &orderv1.ListOrdersResponse{}, nil
}

// fits reports whether an order is found by a comparison of a filter; by one that
// customer does not use it is not.
func fits(order *orderv1.Order, comparison string) bool {
	switch comparison {
	case "state = CONFIRMED":
		return order.GetState() == confirmed
	case "balance > 0":
		return order.GetBalance().GetUnits() > 0
	case `customer_id = "` + order.GetCustomerId() + `"`, `email = "` + order.GetContact().GetEmail() + `"`:
		return true
	default:
		return false
	}
}

func (s *others) GetOrder(_ context.Context, req *orderv1.GetOrderRequest) (*orderv1.GetOrderResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, order := range s.orders {
		if order.GetId() == req.GetId() {
			return &orderv1.GetOrderResponse{Order: proto.CloneOf(order)}, nil
		}
	}
	return nil, fault.New(fault.NotFound, "ORDER_NOT_FOUND", "no order %s", req.GetId())
}

// ListPayments gives an order one payment, which has the order's id.
func (s *others) ListPayments(_ context.Context, req *paymentv1.ListPaymentsRequest) (*paymentv1.ListPaymentsResponse, error) {
	id := strings.TrimSuffix(strings.TrimPrefix(req.GetFilter(), `order_id = "`), `"`)
	return &paymentv1.ListPaymentsResponse{Payments: []*paymentv1.Payment{{Id: id, OrderId: id}}}, nil
}

// ListRefunds gives a payment two refunds, one a page.
func (s *others) ListRefunds(_ context.Context, req *paymentv1.ListRefundsRequest) (*paymentv1.ListRefundsResponse, error) {
	if req.GetPageToken() == "" {
		return &paymentv1.ListRefundsResponse{NextPageToken: "2", Refunds: []*paymentv1.Refund{{OrderId: req.GetPaymentId(), Reason: "Ada was ill"}}}, nil
	}
	return &paymentv1.ListRefundsResponse{Refunds: []*paymentv1.Refund{{OrderId: req.GetPaymentId(), Reason: "Ada was late"}}}, nil
}

func (s *others) GetNotification(_ context.Context, req *notificationv1.GetNotificationRequest) (*notificationv1.GetNotificationResponse, error) {
	return &notificationv1.GetNotificationResponse{Notification: &notificationv1.Notification{Id: req.GetId(), OrderId: req.GetId(), Text: "Hello Ada"}}, nil
}

// ListNotifications gives an order one mail, which has the order's id, and so an account.
func (s *others) ListNotifications(_ context.Context, req *notificationv1.ListNotificationsRequest) (*notificationv1.ListNotificationsResponse, error) {
	id := strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(req.GetFilter(), `order_id = "`), `account_id = "`), `"`)
	return &notificationv1.ListNotificationsResponse{Notifications: []*notificationv1.Notification{{Id: id, OrderId: id}}}, nil
}

// serve returns the contexts' URLs.
func (s *others) serve(t *testing.T) map[string]string {
	t.Helper()
	url := testkit.Others(t, services.Permissions(), func(server *connect.Server) {
		identityv1connect.RegisterAccountServiceHandler(server, s)
		orderv1connect.RegisterCartServiceHandler(server, s)
		orderv1connect.RegisterOrderServiceHandler(server, s)
		paymentv1connect.RegisterPaymentServiceHandler(server, s)
		notificationv1connect.RegisterNotificationServiceHandler(server, s)
	}, "identity", "order", "payment", "notification")
	return map[string]string{"identity": url, "order": url, "payment": url, "notification": url}
}
