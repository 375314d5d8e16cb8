//go:build crashpoints

package e2e

import (
	"context"
	"fmt"
	"strings"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/type/postaladdress"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	inventoryv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/inventory/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	paymentv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/payment/v1"
)

// erasedCustomer erases a customer who ordered, cancelled and was written about.
func erasedCustomer(s *survivor) {
	email := unique("erased") + "@example.com"
	create := &customerv1.CreateCustomerRequest{
		RequestId: uuid.NewString(),
		Customer:  &customerv1.Customer{FirstName: "Grace", LastName: "Hopper", Email: email},
	}
	var id string
	s.until("create the customer", func(ctx context.Context) error {
		res, err := s.customer.CreateCustomer(ctx, create)
		id = res.GetCustomer().GetId()
		return err
	})
	req := request("sandbox_ok", of(s.mug, 2))
	req.CustomerId, req.Contact.Email = id, email
	order := s.dealtWith(req, id)
	s.erase(&customerv1.EraseCustomerRequest{Id: id, EvenOpenOrders: true})
	s.mustForget(order, req)
	s.until("payments without the customer", func(ctx context.Context) error {
		res, err := s.payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{Filter: fmt.Sprintf("customer_id = %q", id)})
		if err == nil && len(res.GetPayments()) > 0 {
			err = errorf("%d payments are still the customer's", len(res.GetPayments()))
		}
		return err
	})
	s.until("the erased customer", func(ctx context.Context) error {
		res, err := s.customer.GetCustomer(ctx, &customerv1.GetCustomerRequest{Id: id})
		if err == nil && (!res.GetCustomer().GetErased() || res.GetCustomer().GetEmail() != "") {
			s.t.Errorf("customer still knows %v", res.GetCustomer())
		}
		return err
	})
}

// erasedGuest erases a guest who ordered, cancelled and was written about.
func erasedGuest(s *survivor) {
	req := request("sandbox_ok", of(s.mug, 2))
	email := req.GetContact().GetEmail()
	order := s.dealtWith(req, email)
	s.erase(&customerv1.EraseCustomerRequest{Email: strings.ToUpper(email), EvenOpenOrders: true})
	s.mustForget(order, req)
}

// dealtWith is an order that was confirmed, refunded in part and cancelled, each with a
// reason, and of which a movement's reason names the person; all its mails are sent.
func (s *survivor) dealtWith(req *orderv1.PlaceOrderRequest, person string) *orderv1.Order {
	s.t.Helper()
	order := s.placedBy(req)
	s.in(order, confirmed)
	s.refund(order, "Grace broke it")
	s.cancel(order)
	s.quiet() // the cancelled pieces are back before the adjustment
	adjust := &inventoryv1.AdjustStockRequest{RequestId: uuid.NewString(), ProductCode: s.mug, Delta: 1, Reason: "found by " + person}
	s.until("adjust stock", func(ctx context.Context) error {
		_, err := s.stock.AdjustStock(ctx, adjust)
		return err
	})
	s.ownPart()
	return order
}

func (s *survivor) erase(req *customerv1.EraseCustomerRequest) {
	s.t.Helper()
	for range 2 {
		s.until("erase", func(ctx context.Context) error {
			_, err := s.customer.EraseCustomer(ctx, req)
			return err
		})
	}
}

// mustForget waits until no context holds the person who ordered, and until the request
// of the order is not answered with the person either.
func (s *survivor) mustForget(order *orderv1.Order, req *orderv1.PlaceOrderRequest) {
	s.t.Helper()
	for what, holds := range map[string]func(context.Context, string) (string, error){
		"order": s.heldByOrder, "payment": s.heldByPayment, "inventory": s.heldByInventory, "notification": s.heldByNotification,
	} {
		s.until(what+" to forget the person", func(ctx context.Context) error {
			held, err := holds(ctx, order.GetId())
			if err == nil && held != "" {
				err = errorf("%s still holds %s", what, held)
			}
			return err
		})
	}
	s.until("the order's request", func(ctx context.Context) error {
		res, err := s.order.PlaceOrder(ctx, req)
		if connect.CodeOf(err) == connect.CodeUnavailable {
			return err
		}
		if text := fmt.Sprint(res, err); strings.Contains(text, req.GetContact().GetEmail()) || strings.Contains(text, "Lovelace") {
			s.t.Errorf("the request is answered with the person: %s", text)
		}
		return nil
	})
}

func (s *survivor) heldByOrder(ctx context.Context, id string) (string, error) {
	res, err := s.order.GetOrder(ctx, &orderv1.GetOrderRequest{Id: id})
	if err != nil {
		return "", err
	}
	o := res.GetOrder()
	if o.GetContact().GetEmail() != "" || o.GetContact().GetLastName() != "" || len(o.GetShippingAddress().GetAddressLines()) > 0 {
		return fmt.Sprint(o.GetContact(), o.GetShippingAddress()), nil
	}
	for _, h := range o.GetHistory() {
		if h.GetCancelReason() == orderv1.CancelReason_CANCEL_REASON_REQUESTED && h.GetNote() != "" {
			return h.GetNote(), nil
		}
	}
	return "", nil
}

func (s *survivor) heldByPayment(ctx context.Context, id string) (string, error) {
	res, err := s.payment.ListPayments(ctx, &paymentv1.ListPaymentsRequest{Filter: fmt.Sprintf("order_id = %q", id)})
	if err != nil {
		return "", err
	}
	if len(res.GetPayments()) != 1 {
		return "", errorf("%d payments", len(res.GetPayments()))
	}
	refunds, err := s.payment.ListRefunds(ctx, &paymentv1.ListRefundsRequest{PaymentId: res.GetPayments()[0].GetId()})
	for _, r := range refunds.GetRefunds() {
		// The reason of a cancelled order's refund is the program's own.
		if r.GetOrigin() == paymentv1.RefundOrigin_REFUND_ORIGIN_REQUEST && r.GetReason() != "" {
			return r.GetReason(), nil
		}
	}
	return "", err
}

func (s *survivor) heldByInventory(ctx context.Context, _ string) (string, error) {
	res, err := s.stock.ListMovements(ctx, &inventoryv1.ListMovementsRequest{Filter: fmt.Sprintf("product_code = %q", s.mug)})
	for _, m := range res.GetMovements() {
		if strings.HasPrefix(m.GetReason(), "found by") {
			return m.GetReason(), nil
		}
	}
	return "", err
}

func (s *survivor) heldByNotification(ctx context.Context, id string) (string, error) {
	res, err := s.mail.ListNotifications(ctx, &notificationv1.ListNotificationsRequest{Filter: fmt.Sprintf("order_id = %q", id)})
	for _, n := range res.GetNotifications() {
		if n.GetRecipient() != "" || n.GetSubject() != "" {
			return n.GetRecipient() + n.GetSubject(), nil
		}
	}
	return "", err
}

// corrected corrects contact and address of a confirmed order, and carrier and tracking
// code once it is shipped: the mails that follow go to the new address.
func corrected(s *survivor) {
	order := s.placed("sandbox_ok", 1)
	s.in(order, confirmed)
	s.ownPart() // the confirmation went to the old address
	s.update(&orderv1.Order{
		Id:      order.GetId(),
		Contact: &orderv1.Contact{FirstName: "Ada", LastName: "King", Email: unique("king") + "@example.com"},
		ShippingAddress: &postaladdress.PostalAddress{
			RegionCode: "GB", PostalCode: "KT10", Locality: "Ockham", AddressLines: []string{"Ockham Park"},
		},
	}, "contact", "shipping_address")
	s.ship(order)
	s.update(&orderv1.Order{Id: order.GetId(), Shipment: &orderv1.Shipment{TrackingCode: "RX 13"}}, "shipment.tracking_code")
}

// update corrects an order twice with one request id, as after an answer that was lost.
func (s *survivor) update(o *orderv1.Order, paths ...string) {
	s.t.Helper()
	req := &orderv1.UpdateOrderRequest{RequestId: uuid.NewString(), Order: o, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}}
	var first *orderv1.UpdateOrderResponse
	for range 2 {
		s.until("correct the order", func(ctx context.Context) error {
			res, err := s.order.UpdateOrder(ctx, req)
			if err != nil {
				return err
			}
			if first != nil && !proto.Equal(res, first) {
				s.t.Fatalf("the same correction was answered %v and %v", first, res)
			}
			first = res
			return nil
		})
	}
}
