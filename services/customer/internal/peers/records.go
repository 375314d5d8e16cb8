// Package peers calls the other contexts that hold data about people: identity, order,
// payment and notification.
package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/encoding/protojson"
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
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/services/customer/internal/app"
	"github.com/shopmesh/shopmesh/services/customer/internal/domain"
)

const (
	// pageSize is how many items a call requests.
	pageSize = 200
	// maxNumbers is how many open orders a refusal names.
	maxNumbers = 20
	// maxCalls is how many orders of an export are read at the same time.
	maxCalls = 8
)

// Records reads what other contexts hold about people.
type Records struct {
	accounts identityv1connect.AccountServiceClient
	carts    orderv1connect.CartServiceClient
	orders   orderv1connect.OrderServiceClient
	payments paymentv1connect.PaymentServiceClient
	mails    notificationv1connect.NotificationServiceClient
}

// NewRecords returns the records of the contexts that others reaches.
func NewRecords(others *peer.Peers) *Records {
	return &Records{
		accounts: identityv1connect.NewAccountServiceClient(others.Client("identity")),
		carts:    orderv1connect.NewCartServiceClient(others.Client("order")),
		orders:   orderv1connect.NewOrderServiceClient(others.Client("order")),
		payments: paymentv1connect.NewPaymentServiceClient(others.Client("payment")),
		mails:    notificationv1connect.NewNotificationServiceClient(others.Client("notification")),
	}
}

// paidAndNotShipped selects open orders. What is left of an order's money is order's to
// know: its balance falls with refunds and with disputes that the shop lost.
const paidAndNotShipped = " AND state = CONFIRMED AND balance > 0"

// OpenOrders returns the numbers of a person's orders that are paid and not shipped, 20
// at most; an order whose money was given back in full is not paid any more. It fails
// with UNAVAILABLE when order is away.
func (r *Records) OpenOrders(ctx context.Context, person domain.Person) ([]string, error) {
	var numbers []string
	err := r.eachPage(ctx, person, paidAndNotShipped, func(orders []*orderv1.Order) (more bool, err error) {
		for _, order := range orders {
			numbers = append(numbers, order.GetNumber())
		}
		return len(numbers) < maxNumbers, nil
	})
	return numbers[:min(len(numbers), maxNumbers)], err
}

// Of returns all that identity, order, payment and notification hold about a person, also
// what people typed and what was written to the person. It fails with UNAVAILABLE when one
// of them is away: an export without a part must not pass for a whole one.
func (r *Records) Of(ctx context.Context, person domain.Person) (app.Records, error) {
	var all app.Records
	if person.CustomerID != uuid.Nil {
		if err := r.ofCustomer(ctx, person.CustomerID.String(), &all); err != nil {
			return all, err
		}
	}
	err := r.eachPage(ctx, person, "", func(orders []*orderv1.Order) (bool, error) {
		found := make([]app.Records, len(orders))
		group, ctx := errgroup.WithContext(ctx)
		group.SetLimit(maxCalls)
		for i, order := range orders {
			group.Go(func() error { return r.ofOrder(ctx, order.GetId(), &found[i]) })
		}
		if err := group.Wait(); err != nil {
			return false, err
		}
		for _, one := range found {
			all.Orders = append(all.Orders, one.Orders...)
			all.Payments = append(all.Payments, one.Payments...)
			all.Refunds = append(all.Refunds, one.Refunds...)
			all.Mails = append(all.Mails, one.Mails...)
		}
		return true, nil
	})
	return all, err
}

// ofCustomer adds what only customers have: the account with its sessions and the mails
// about it, and the cart.
func (r *Records) ofCustomer(ctx context.Context, id string, found *app.Records) error {
	account, err := r.accounts.ExportAccount(ctx, &identityv1.ExportAccountRequest{CustomerId: id})
	if err != nil {
		return failed("identity", err)
	}
	if account.GetAccount() != nil {
		if found.Account, err = toJSON(account.GetAccount()); err != nil {
			return err
		}
		if err := r.addMails(ctx, fmt.Sprintf("account_id = %q", account.GetAccount().GetId()), found); err != nil {
			return err
		}
	}
	for _, session := range account.GetSessions() {
		if err := appendJSON(&found.Sessions, session); err != nil {
			return err
		}
	}
	cart, err := r.carts.ExportCart(ctx, &orderv1.ExportCartRequest{CustomerId: id})
	if err != nil {
		return failed("order", err)
	}
	found.Cart, err = toJSON(cart.GetCart())
	return err
}

// eachPage calls use for the pages of a person's orders, until it returns false. A
// guest's are those with the address and without a customer.
func (r *Records) eachPage(ctx context.Context, person domain.Person, condition string, use func([]*orderv1.Order) (more bool, err error)) error {
	filter := fmt.Sprintf("customer_id = %q", person.CustomerID)
	if person.EmailKey != "" {
		filter = fmt.Sprintf("email = %q", person.EmailKey)
	}
	return eachToken(func(token string) (string, error) {
		res, err := r.orders.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: pageSize, PageToken: token, Filter: filter + condition})
		if err != nil {
			return "", failed("order", err)
		}
		orders := slices.DeleteFunc(res.GetOrders(), func(order *orderv1.Order) bool {
			return person.EmailKey != "" && order.GetCustomerId() != ""
		})
		more, err := use(orders)
		if err != nil || !more {
			return "", err
		}
		return res.GetNextPageToken(), nil
	})
}

// ofOrder adds an order with its history, its payments with their refunds, and its
// mails with their texts; lists hold none of these parts.
func (r *Records) ofOrder(ctx context.Context, id string, found *app.Records) error {
	res, err := r.orders.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
	if err != nil {
		return failed("order", err)
	}
	if err := appendJSON(&found.Orders, res.GetOrder()); err != nil {
		return err
	}
	if err := r.addPayments(ctx, id, found); err != nil {
		return err
	}
	return r.addMails(ctx, fmt.Sprintf("order_id = %q", id), found)
}

func (r *Records) addPayments(ctx context.Context, order string, found *app.Records) error {
	return eachToken(func(token string) (string, error) {
		res, err := r.payments.ListPayments(ctx, &paymentv1.ListPaymentsRequest{PageSize: pageSize, PageToken: token, Filter: fmt.Sprintf("order_id = %q", order)})
		if err != nil {
			return "", failed("payment", err)
		}
		for _, payment := range res.GetPayments() {
			if err := appendJSON(&found.Payments, payment); err != nil {
				return "", err
			}
			if err := r.addRefunds(ctx, payment.GetId(), found); err != nil {
				return "", err
			}
		}
		return res.GetNextPageToken(), nil
	})
}

func (r *Records) addRefunds(ctx context.Context, payment string, found *app.Records) error {
	return eachToken(func(token string) (string, error) {
		res, err := r.payments.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PageSize: pageSize, PageToken: token, PaymentId: payment})
		if err != nil {
			return "", failed("payment", err)
		}
		for _, refund := range res.GetRefunds() {
			if err := appendJSON(&found.Refunds, refund); err != nil {
				return "", err
			}
		}
		return res.GetNextPageToken(), nil
	})
}

func (r *Records) addMails(ctx context.Context, filter string, found *app.Records) error {
	return eachToken(func(token string) (string, error) {
		res, err := r.mails.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{PageSize: pageSize, PageToken: token, Filter: filter})
		if err != nil {
			return "", failed("notification", err)
		}
		for _, listed := range res.GetNotifications() {
			mail, err := r.mails.GetNotification(ctx, &notificationv1.GetNotificationRequest{Id: listed.GetId()})
			if err != nil {
				return "", failed("notification", err)
			}
			if err := appendJSON(&found.Mails, mail.GetNotification()); err != nil {
				return "", err
			}
		}
		return res.GetNextPageToken(), nil
	})
}

// eachToken calls read with the token of each page, which returns that of the next,
// until it returns none.
func eachToken(read func(token string) (next string, err error)) error {
	for token := ""; ; {
		next, err := read(token)
		if err != nil || next == "" {
			return err
		}
		token = next
	}
}

func appendJSON(list *[]json.RawMessage, message proto.Message) error {
	text, err := toJSON(message)
	*list = append(*list, text)
	return err
}

func toJSON(message proto.Message) (json.RawMessage, error) {
	text, err := protojson.Marshal(message)
	if err != nil {
		return nil, fmt.Errorf("write %s as JSON: %w", message.ProtoReflect().Descriptor().Name(), err)
	}
	return text, nil
}

func failed(context string, err error) error {
	if peer.Away(err) {
		return fault.New(fault.Unavailable, fault.ReasonUnavailable,
			"%s is away, and with it what it holds about the person; try again", context).RetryAfter(time.Second).Because(err)
	}
	return fmt.Errorf("read what %s holds about a person: %w", context, err)
}
