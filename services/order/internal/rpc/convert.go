package rpc

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	pb "google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/proto"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/grammar"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/order/internal/app"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// readID reads a required id.
func readID(field, text string) (uuid.UUID, error) {
	id, err := grammar.UUID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Breaks(field, err))
	}
	return id, nil
}

// readRequestID reads an optional request_id; uuid.Nil when there is none.
func readRequestID(text string) (uuid.UUID, error) {
	if text == "" {
		return uuid.Nil, nil
	}
	return readRequiredRequestID(text)
}

func readRequiredRequestID(text string) (uuid.UUID, error) {
	id, err := grammar.RequestID(text)
	if err != nil {
		return uuid.Nil, fault.Fields(fault.Breaks("request_id", err))
	}
	return id, nil
}

// readChange reads the ids of a request to change an order.
func readChange(req interface {
	GetRequestId() string
	GetId() string
}) (requestID, id uuid.UUID, err error) {
	if requestID, err = readRequestID(req.GetRequestId()); err != nil {
		return requestID, id, err
	}
	id, err = readOrderID(req.GetId())
	return requestID, id, err
}

// readOrderID reads the id of an order to look up; the nil UUID is nobody's.
func readOrderID(text string) (uuid.UUID, error) { return readID("id", text) }

func readLines(lines []*orderv1.OrderLineRequest) []domain.LineRequest {
	read := make([]domain.LineRequest, len(lines))
	for i, line := range lines {
		read[i] = domain.LineRequest{Code: line.GetProductCode(), Quantity: line.GetQuantity()}
	}
	return read
}

func cartOf(cart app.PricedCart) *orderv1.Cart {
	of := cart.Snapshot()
	res := &orderv1.Cart{
		Id: of.ID.String(), UnavailableCodes: cart.Unavailable, Etag: cart.Etag(),
		CheckoutId: protoconv.ID(of.CheckoutID), LastOrderId: protoconv.ID(of.LastOrderID), LastOrderToken: cart.LastOrderToken,
	}
	for _, line := range cart.PricedCart.Lines {
		res.Lines = append(res.Lines, &orderv1.CartLine{
			ProductCode: line.Code, Quantity: line.Quantity, ProductId: protoconv.ID(line.ProductID), Name: line.Name,
			UnitPrice: priceOf(line.UnitPrice), Total: priceOf(line.Total),
		})
	}
	res.Total = priceOf(cart.Total)
	return res
}

// actionOf is nil when there is nothing to do.
func actionOf(action app.NextAction) *orderv1.OrderNextAction {
	switch {
	case action.RedirectURL != "":
		return &orderv1.OrderNextAction{Action: &orderv1.OrderNextAction_RedirectUrl{RedirectUrl: action.RedirectURL}}
	case action.ClientSecret != "":
		return &orderv1.OrderNextAction{Action: &orderv1.OrderNextAction_ClientSecret{ClientSecret: action.ClientSecret}}
	default:
		return nil
	}
}

// priceOf is unset where nothing has a price.
func priceOf(amount money.Money) *pb.Money {
	if amount.Currency == "" {
		return nil
	}
	return moneypb.Proto(amount)
}

func readPlacement(req *orderv1.PlaceOrderRequest) (domain.Placement, error) {
	placement := domain.Placement{
		Contact: protoconv.FromContact(req.GetContact()),
		Address: protoconv.FromAddress(req.GetShippingAddress()), Lines: readLines(req.GetLines()), PaymentMethod: req.GetPaymentMethod(),
		LanguageCode: req.GetLanguageCode(),
	}
	if text := req.GetCustomerId(); text != "" {
		id, err := readID("customer_id", text)
		if err != nil {
			return placement, err
		}
		placement.CustomerID = id
	}
	if req.GetExpectedTotal() != nil {
		total, err := readTotal(req.GetExpectedTotal())
		if err != nil {
			return placement, err
		}
		placement.ExpectedTotal = &total
	}
	return placement, nil
}

func readTotal(total *pb.Money) (money.Money, error) {
	const field = "expected_total"
	read, err := moneypb.FromProto(total)
	if err == nil {
		return read, nil
	}
	violation := fault.Breaks(field+".nanos", err)
	switch {
	case errors.Is(err, money.ErrCurrency):
		violation = fault.Violation{Field: field + ".currency_code", Rule: fault.RuleCurrency, Description: fmt.Sprintf("must be an ISO 4217 code, is %.80q", total.GetCurrencyCode())}
	case errors.Is(err, money.ErrOverflow):
		violation.Field = field + ".units"
	}
	return money.Money{}, fault.Fields(violation)
}

// withQuote turns the domain's quote, which a price that changed brings along, into
// the contract's. A quote of many lines does not fit into an error: then it travels
// without them.
func withQuote(err error, methods domain.PaymentMethods) error {
	refused, ok := fault.Of(err)
	if !ok || len(refused.Details()) == 0 {
		return err
	}
	return refused.MapDetails(func(detail any) any {
		if quote, ok := detail.(domain.Quote); ok {
			whole := protoconv.Quote(quote, methods.Fitting(quote.Total))
			brief := proto.CloneOf(whole)
			brief.Lines, brief.LinesOmitted = nil, true
			return fault.Forms{whole, brief}
		}
		return detail
	})
}
