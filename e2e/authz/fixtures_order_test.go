package authz_test

import (
	cryptorand "crypto/rand"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

func (s *shop) readOrder(id string) proto.Message {
	return must(s.orders.GetOrder(s.t.Context(), &orderv1.GetOrderRequest{Id: id}))
}

func orderFixtures() map[string]fixture {
	read := func(s *shop, request proto.Message) proto.Message {
		if update, ok := request.(*orderv1.UpdateOrderRequest); ok {
			return s.readOrder(update.GetOrder().GetId())
		}
		if ship, ok := request.(*orderv1.BatchShipOrdersRequest); ok {
			return s.readOrder(ship.GetRequests()[0].GetId())
		}
		named, _ := request.(interface{ GetId() string })
		return s.readOrder(named.GetId())
	}
	return map[string]fixture{
		"OrderService/QuoteOrder": {request: func(c *cell) proto.Message {
			return &orderv1.QuoteOrderRequest{Lines: c.orderLines()}
		}},
		"OrderService/PlaceOrder": {request: func(c *cell) proto.Message {
			request := c.orderTo(1)
			switch c.row.about {
			case "customer's":
				request.CustomerId = c.adasID()
			case "draft":
				request.Lines = c.orderLines()
			case "cart", missing:
				request.Lines, request.CartToken = nil, c.cartToken()
			}
			return request
		}},
		"OrderService/GetOrder": {request: func(c *cell) proto.Message {
			if c.row.ofGuest() {
				return &orderv1.GetOrderRequest{Id: c.closedOrder()}
			}
			return &orderv1.GetOrderRequest{Id: c.sharedOrder()}
		}},
		"OrderService/ListOrders": {request: func(c *cell) proto.Message {
			c.shows(c.adasOrder().id)
			return &orderv1.ListOrdersRequest{Filter: fmt.Sprintf("number = %q", c.adasOrder().number)}
		}},
		"OrderService/ExportOrders": {request: func(c *cell) proto.Message {
			return &orderv1.ExportOrdersRequest{Filter: fmt.Sprintf("number = %q", c.adasOrder().number)}
		}},
		"OrderService/SummarizeOrders": {request: func(*cell) proto.Message { return &orderv1.SummarizeOrdersRequest{} }},
		"OrderService/WatchOrder": {request: func(c *cell) proto.Message {
			return &orderv1.WatchOrderRequest{Id: c.sharedOrder()}
		}},
		"OrderService/UpdateOrder": {read: read, request: func(c *cell) proto.Message {
			if c.row.about == "shipment" {
				id := c.newOrder()
				must(c.orders.ShipOrder(c.t.Context(), &orderv1.ShipOrderRequest{Id: id}))
				return &orderv1.UpdateOrderRequest{
					Order:      &orderv1.Order{Id: id, Shipment: &orderv1.Shipment{TrackingCode: unique("T")}},
					UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"shipment.tracking_code"}},
				}
			}
			return &orderv1.UpdateOrderRequest{
				Order:      &orderv1.Order{Id: c.newOrder(), ShippingAddress: home(), Contact: &orderv1.Contact{LastName: unique("L")}},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"contact.last_name"}},
			}
		}},
		"OrderService/CancelOrder": {read: read, request: func(c *cell) proto.Message {
			id := ""
			if c.row.ofGuest() {
				id = c.closedOrder()
			} else {
				id = c.newOrder()
			}
			return &orderv1.CancelOrderRequest{RequestId: uuid.NewString(), Id: id}
		}},
		"OrderService/ClaimOrder": {read: read, request: func(c *cell) proto.Message {
			var mac [32]byte
			_, _ = cryptorand.Read(mac[:])
			switch c.row.about {
			case "guest's":
				order := c.confirmed(c.place("", 1))
				return &orderv1.ClaimOrderRequest{Id: order.id, GuestToken: order.token}
			case "guest's, wrong token":
				id := c.guestsOrder().id
				return &orderv1.ClaimOrderRequest{Id: id, GuestToken: token.ForGuestOrder(uuid.MustParse(id), mac)}
			case "customer's": // with a token that somebody made
				id := c.adasOrder().id
				return &orderv1.ClaimOrderRequest{Id: id, GuestToken: token.ForGuestOrder(uuid.MustParse(id), mac)}
			default:
				id := uuid.New()
				return &orderv1.ClaimOrderRequest{Id: id.String(), GuestToken: token.ForGuestOrder(id, mac)}
			}
		}},
		"OrderService/ShipOrder": {read: read, request: func(c *cell) proto.Message {
			return &orderv1.ShipOrderRequest{Id: c.newOrder()}
		}},
		"OrderService/BatchShipOrders": {read: read, request: func(c *cell) proto.Message {
			c.answer = func(answer proto.Message) error {
				got, _ := answer.(*orderv1.BatchShipOrdersResponse)
				return done(got.GetOutcomes()[0].GetRefusal())
			}
			return &orderv1.BatchShipOrdersRequest{Requests: []*orderv1.ShipOrderRequest{{Id: c.newOrder()}}}
		}},
		"OrderService/MarkOrderDelivered": {read: read, request: func(c *cell) proto.Message {
			id := c.newOrder()
			if !c.missing() {
				must(c.orders.ShipOrder(c.t.Context(), &orderv1.ShipOrderRequest{Id: id}))
			}
			return &orderv1.MarkOrderDeliveredRequest{Id: id}
		}},
		"OrderService/GetOrderTimeline": {request: func(c *cell) proto.Message {
			return &orderv1.GetOrderTimelineRequest{Id: c.sharedOrder()}
		}},
		"OrderService/SendOrderLink": {request: func(c *cell) proto.Message {
			if c.missing() {
				return &orderv1.SendOrderLinkRequest{Number: c.guestsOrder().number, Email: address("nobody")}
			}
			order := c.place("", 1) // of its own: its version rises
			return &orderv1.SendOrderLinkRequest{Number: order.number, Email: order.email}
		}},
		"OrderService/MintOrderLinks": {request: func(c *cell) proto.Message {
			order := c.guestsOrder()
			opens := "/o/" + order.token
			if c.missing() {
				order.id, opens = uuid.NewString(), ""
			}
			c.answer = func(answer proto.Message) error {
				got, _ := answer.(*orderv1.MintOrderLinksResponse)
				if links := got.GetLinks(); len(links) != 1 || !strings.HasSuffix(links[0], opens) || opens == "" && links[0] != "" {
					return fmt.Errorf("the links are %q, want one that ends with %q", links, opens)
				}
				return nil
			}
			return &orderv1.MintOrderLinksRequest{Mails: []*orderv1.OrderMail{{OrderId: order.id, Recipient: order.email}}}
		}},
	}
}

// orderLines are those of a product that a row is about.
func (c *cell) orderLines() []*orderv1.OrderLineRequest {
	return []*orderv1.OrderLineRequest{{ProductCode: c.productCode(), Quantity: 1}}
}

// closedOrder is a guest's order that the token of the guest who calls does not open: one that
// somebody made for it, or the one that it had before it was claimed.
func (c *cell) closedOrder() string {
	order := c.guestsOrder()
	text := token.ForGuestOrder(uuid.MustParse(order.id), [32]byte{})
	if c.row.about == "guest's, claimed" {
		order = once(c.shop, "claimed order", func() placed {
			order := c.place("", 1)
			customer := orderv1connect.NewOrderServiceClient(testkit.Client(c.t, c.API, testkit.As(c.t, testkit.Customer(c.adasID()))))
			must(customer.ClaimOrder(c.t.Context(), &orderv1.ClaimOrderRequest{Id: order.id, GuestToken: order.token}))
			return order
		})
		text = order.token
	}
	c.as = c.as.showing(text)
	return order.id
}

// guestsCart has a guest with a cart show a token of its own.
func (c *cell) guestsCart() {
	if c.as.column == withCart {
		c.as = c.as.showing(c.cartToken())
	}
}

// cartToken is the token of a cart that was made for the cell, or of one that is missing.
func (c *cell) cartToken() string {
	if !c.missing() {
		return c.newCart()
	}
	var random [32]byte
	_, _ = cryptorand.Read(random[:])
	return token.ForCart(random)
}

// cartsOf calls as somebody.
func (s *shop) cartsOf(who caller) orderv1connect.CartServiceClient {
	return orderv1connect.NewCartServiceClient(testkit.Client(s.t, s.API, token.Show(who.show("order"))))
}

// readCart reads the guest's cart that is to be merged, as the guest; nil when it is over.
func readCart(s *shop, request proto.Message) proto.Message {
	named, _ := request.(*orderv1.MergeCartRequest)
	cart, err := s.cartsOf(caller{show: showsText(named.GetCartToken())}).GetCart(s.t.Context(), &orderv1.GetCartRequest{})
	if err != nil {
		return nil
	}
	return cart
}

func cartFixtures() map[string]fixture {
	return map[string]fixture{
		"CartService/ExportCart": {request: func(c *cell) proto.Message {
			return &orderv1.ExportCartRequest{CustomerId: c.id(c.adasID)}
		}},
		"CartService/GetCart": {request: func(c *cell) proto.Message {
			if c.missing() {
				c.guestsCart()
				return &orderv1.GetCartRequest{}
			}
			quantity := 1 + rand.Int32N(1000)
			switch c.as.column {
			case withCart:
				c.as = c.as.showing(c.newCartOf(quantity))
			case ada, other:
				c.as = c.as.like(testkit.Customer(uuid.NewString()))
				must(c.cartsOf(c.as).SetCartItem(c.t.Context(), &orderv1.SetCartItemRequest{ProductCode: c.product().GetCode(), Quantity: &quantity}))
			}
			c.answer = func(answer proto.Message) error {
				got, _ := answer.(*orderv1.GetCartResponse)
				if lines := got.GetCart().GetLines(); len(lines) != 1 || lines[0].GetQuantity() != quantity {
					return fmt.Errorf("it is not the caller's cart of %d: %v", quantity, got)
				}
				return nil
			}
			return &orderv1.GetCartRequest{}
		}},
		"CartService/SetCartItem": {request: func(c *cell) proto.Message {
			c.guestsCart()
			return &orderv1.SetCartItemRequest{ProductCode: c.productCode(), Quantity: proto.Int32(2)}
		}},
		"CartService/AddCartItem": {request: func(c *cell) proto.Message {
			c.guestsCart()
			return &orderv1.AddCartItemRequest{ProductCode: c.productCode(), Quantity: 2, RequestId: uuid.NewString()}
		}},
		"CartService/ClearCart": {request: func(c *cell) proto.Message {
			c.guestsCart()
			return &orderv1.ClearCartRequest{}
		}},
		"CartService/MergeCart": {read: readCart, request: func(c *cell) proto.Message {
			cart := ""
			if c.row.about == "merged" {
				cart = once(c.shop, "merged cart", func() string {
					merged := c.newCart()
					somebody := c.cartsOf(caller{show: shows(testkit.Customer(uuid.NewString()), 0)})
					must(somebody.MergeCart(c.t.Context(), &orderv1.MergeCartRequest{CartToken: merged, RequestId: uuid.NewString()}))
					return merged
				})
			} else {
				cart = c.cartToken()
			}
			return &orderv1.MergeCartRequest{CartToken: cart, RequestId: uuid.NewString()}
		}},
	}
}

// paymentOf is the payment of an order that is paid.
func (s *shop) paymentOf(order string) string {
	payments := must(s.paid.ListPayments(s.t.Context(), &paymentv1.ListPaymentsRequest{Filter: fmt.Sprintf("order_id = %q", order)})).GetPayments()
	if len(payments) != 1 {
		panic(unprepared{fmt.Errorf("the order %s has the payments %v", order, payments)})
	}
	return payments[0].GetId()
}

// sharedPayment is one of which each refund takes a cent.
func (s *shop) sharedPayment() string {
	return once(s, "payment", func() string { return s.paymentOf(s.confirmed(s.place("", 1000)).id) })
}

// newContradiction is one that a provider reported. The sandbox never contradicts the books, so
// that the test writes it.
func (s *shop) newContradiction() string {
	id := uuid.New()
	_, err := s.payments.Exec(s.t.Context(), `insert into contradictions (id, event_id, event_type, cause, create_time) values ($1, $2, 'mismatch', 'a test', now())`,
		id, unique("mismatch"))
	return must(id.String(), err)
}

func paymentFixtures() map[string]fixture {
	return map[string]fixture{
		"PaymentService/GetPayment": {request: func(c *cell) proto.Message {
			return &paymentv1.GetPaymentRequest{Id: c.id(func() string { return c.paymentOf(c.sharedOrder()) })}
		}},
		"PaymentService/GetNextAction": {request: func(c *cell) proto.Message {
			return &paymentv1.GetNextActionRequest{PaymentId: c.id(func() string { return c.paymentOf(c.sharedOrder()) })}
		}},
		"PaymentService/ListPayments": {request: func(*cell) proto.Message { return &paymentv1.ListPaymentsRequest{PageSize: 5} }},
		"PaymentService/RefundPayment": {
			read: func(s *shop, request proto.Message) proto.Message {
				named, _ := request.(*paymentv1.RefundPaymentRequest)
				if named.GetAmount() != nil {
					return nil // all share the payment, and some are let in
				}
				return must(s.paid.GetPayment(s.t.Context(), &paymentv1.GetPaymentRequest{Id: named.GetPaymentId()}))
			},
			request: func(c *cell) proto.Message {
				request := &paymentv1.RefundPaymentRequest{RequestId: uuid.NewString()}
				if c.row.about == "large payment" { // all of it, which is above the limit of a step-up
					request.PaymentId = c.paymentOf(c.confirmed(c.place("", 200)).id)
					return request
				}
				request.PaymentId, request.Amount = c.id(c.sharedPayment), &money.Money{CurrencyCode: "EUR", Nanos: 10_000_000}
				return request
			},
		},
		"PaymentService/ListRefunds": {request: func(c *cell) proto.Message {
			return &paymentv1.ListRefundsRequest{PaymentId: c.id(c.sharedPayment), PageSize: 5}
		}},
		"PaymentService/ListContradictions": {request: func(*cell) proto.Message { return &paymentv1.ListContradictionsRequest{PageSize: 5} }},
		"PaymentService/ResolveContradiction": {request: func(c *cell) proto.Message {
			return &paymentv1.ResolveContradictionRequest{Id: c.id(c.newContradiction), Note: "looked into"}
		}},
	}
}

// newMail is the mail about an order that was paid, once it is sent.
func (s *shop) newMail() string {
	filter := fmt.Sprintf("order_id = %q", s.confirmed(s.place("", 1)).id)
	var id string
	testkit.Eventually(s.t, "an order's mail is sent", func() bool {
		for _, mail := range must(s.notifications.ListNotifications(s.t.Context(), &notificationv1.ListNotificationsRequest{Filter: filter})).GetNotifications() {
			if mail.GetStatus() == notificationv1.NotificationStatus_NOTIFICATION_STATUS_SENT {
				id = mail.GetId()
			}
		}
		return id != ""
	})
	return id
}

func notificationFixtures() map[string]fixture {
	return map[string]fixture{
		"NotificationService/ListNotifications": {request: func(*cell) proto.Message {
			return &notificationv1.ListNotificationsRequest{PageSize: 5}
		}},
		"NotificationService/GetNotification": {request: func(c *cell) proto.Message {
			return &notificationv1.GetNotificationRequest{Id: c.id(func() string { return once(c.shop, "mail", c.newMail) })}
		}},
		"NotificationService/ResendNotification": {request: func(c *cell) proto.Message {
			return &notificationv1.ResendNotificationRequest{Id: c.id(c.newMail)}
		}},
		"NotificationService/PreviewTemplate": {request: func(*cell) proto.Message {
			return &notificationv1.PreviewTemplateRequest{Kind: notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_CONFIRMED}
		}},
	}
}
