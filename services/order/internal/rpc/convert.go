package rpc

import (
	"errors"
	"fmt"

	"github.com/google/uuid"
	pb "google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/genproto/googleapis/type/postaladdress"

	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/money/moneypb"
	"github.com/shopmesh/shopmesh/services/order/internal/domain"
	"github.com/shopmesh/shopmesh/services/order/internal/protoconv"
)

// readID reads a required id.
func readID(field, text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(uuid.Nil.String()) {
		return uuid.Nil, fault.Fields(fault.Violation{Field: field, Description: fmt.Sprintf("must be a UUID, is %.80q", text)})
	}
	return id, nil
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

func readPlacement(req *orderv1.PlaceOrderRequest) (domain.Placement, error) {
	placement := domain.Placement{
		Contact: domain.Contact{
			FirstName: req.GetContact().GetFirstName(), LastName: req.GetContact().GetLastName(),
			Email: req.GetContact().GetEmail(), Phone: req.GetContact().GetPhone(),
		},
		Address: readAddress(req.GetShippingAddress()), Lines: readLines(req.GetLines()), PaymentMethod: req.GetPaymentMethod(),
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
	violation := fault.Violation{Field: field + ".nanos", Description: err.Error()}
	switch {
	case errors.Is(err, money.ErrCurrency):
		violation = fault.Violation{Field: field + ".currency_code", Description: fmt.Sprintf("must be an ISO 4217 code, is %.80q", total.GetCurrencyCode())}
	case errors.Is(err, money.ErrOverflow):
		violation.Field = field + ".units"
	}
	return money.Money{}, fault.Fields(violation)
}

func readAddress(a *postaladdress.PostalAddress) domain.Address {
	return domain.Address{
		Revision: a.GetRevision(), RegionCode: a.GetRegionCode(), LanguageCode: a.GetLanguageCode(),
		PostalCode: a.GetPostalCode(), SortingCode: a.GetSortingCode(), AdministrativeArea: a.GetAdministrativeArea(),
		Locality: a.GetLocality(), Sublocality: a.GetSublocality(), AddressLines: a.GetAddressLines(),
		Recipients: a.GetRecipients(), Organization: a.GetOrganization(),
	}
}

// withQuote turns the domain's quote, which a price that changed brings along, into
// the contract's.
func withQuote(err error) error {
	refused, ok := fault.Of(err)
	if !ok || len(refused.Details()) == 0 {
		return err
	}
	return refused.MapDetails(func(detail any) any {
		if quote, ok := detail.(domain.Quote); ok {
			return protoconv.Quote(quote)
		}
		return detail
	})
}
