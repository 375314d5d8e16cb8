// Package peers calls the other contexts that hold data about people: order, payment
// and notification.
package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

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
)

// Records reads what other contexts hold about people.
type Records struct {
	orders   orderv1connect.OrderServiceClient
	payments paymentv1connect.PaymentServiceClient
	mails    notificationv1connect.NotificationServiceClient
}

// NewRecords returns the records of the contexts that others reaches.
func NewRecords(others *peer.Peers) *Records {
	return &Records{
		orders:   orderv1connect.NewOrderServiceClient(others.Client("order")),
		payments: paymentv1connect.NewPaymentServiceClient(others.Client("payment")),
		mails:    notificationv1connect.NewNotificationServiceClient(others.Client("notification")),
	}
}

// OpenOrders returns the numbers of a person's orders that are paid and not shipped, 20
// at most; an order that was refunded in full is not paid any more. It fails with
// UNAVAILABLE when order is away.
func (r *Records) OpenOrders(ctx context.Context, person domain.Person) ([]string, error) {
	var numbers []string
	err := r.eachOrder(ctx, person, " AND state = CONFIRMED", func(order *orderv1.Order) (more bool, err error) {
		if !proto.Equal(order.GetCaptured(), order.GetRefunded()) {
			numbers = append(numbers, order.GetNumber())
		}
		return len(numbers) < maxNumbers, nil
	})
	return numbers, err
}

// Of returns all that order, payment and notification hold about a person. It fails
// with UNAVAILABLE when one of them is away: an export without a part must not pass for a whole one.
func (r *Records) Of(ctx context.Context, person domain.Person) (app.Records, error) {
	var all app.Records
	err := r.eachOrder(ctx, person, "", func(order *orderv1.Order) (bool, error) {
		if err := appendJSON(&all.Orders, order); err != nil {
			return false, err
		}
		return true, r.ofOrder(ctx, order.GetId(), &all)
	})
	return all, err
}

// eachOrder calls use for a person's orders, until it returns false. A guest's are
// those with the address and without a customer.
func (r *Records) eachOrder(ctx context.Context, person domain.Person, condition string, use func(*orderv1.Order) (bool, error)) error {
	filter := fmt.Sprintf("customer_id = %q", person.CustomerID)
	if person.EmailKey != "" {
		filter = fmt.Sprintf("email = %q", person.EmailKey)
	}
	for token := ""; ; {
		res, err := r.orders.ListOrders(ctx, &orderv1.ListOrdersRequest{PageSize: pageSize, PageToken: token, Filter: filter + condition})
		if err != nil {
			return failed("order", err)
		}
		for _, order := range res.GetOrders() {
			if person.EmailKey != "" && order.GetCustomerId() != "" {
				continue
			}
			if more, err := use(order); err != nil || !more {
				return err
			}
		}
		if token = res.GetNextPageToken(); token == "" {
			return nil
		}
	}
}

// ofOrder adds an order's payments and mails.
func (r *Records) ofOrder(ctx context.Context, order string, all *app.Records) error {
	filter := fmt.Sprintf("order_id = %q", order)
	for token := ""; ; {
		res, err := r.payments.ListPayments(ctx, &paymentv1.ListPaymentsRequest{PageSize: pageSize, PageToken: token, Filter: filter})
		if err != nil {
			return failed("payment", err)
		}
		for _, payment := range res.GetPayments() {
			if err := appendJSON(&all.Payments, payment); err != nil {
				return err
			}
		}
		if token = res.GetNextPageToken(); token == "" {
			break
		}
	}
	for token := ""; ; {
		res, err := r.mails.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{PageSize: pageSize, PageToken: token, Filter: filter})
		if err != nil {
			return failed("notification", err)
		}
		for _, mail := range res.GetNotifications() {
			if err := appendJSON(&all.Mails, mail); err != nil {
				return err
			}
		}
		if token = res.GetNextPageToken(); token == "" {
			return nil
		}
	}
}

func appendJSON(list *[]json.RawMessage, message proto.Message) error {
	text, err := protojson.Marshal(message)
	if err != nil {
		return fmt.Errorf("write %s as JSON: %w", message.ProtoReflect().Descriptor().Name(), err)
	}
	*list = append(*list, text)
	return nil
}

func failed(context string, err error) error {
	if peer.Away(err) {
		return fault.New(fault.Unavailable, fault.ReasonUnavailable,
			"%s is away, and with it what it holds about the person; try again", context).RetryAfter(time.Second).Because(err)
	}
	return fmt.Errorf("read what %s holds about a person: %w", context, err)
}
