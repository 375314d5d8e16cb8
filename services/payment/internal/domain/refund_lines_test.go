package domain_test

import (
	"errors"
	"testing"

	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// ordered is what a payment of 10 EUR was for: two mugs of 4 EUR and four biscuits of 0.50.
func ordered() []domain.OrderedLine {
	return []domain.OrderedLine{
		{ProductCode: "MUG", UnitPrice: eur(400), Quantity: 2}, {ProductCode: "BISCUIT", UnitPrice: eur(50), Quantity: 4}, {ProductCode: "CARD", UnitPrice: eur(0), Quantity: 1},
	}
}

func ofLines(lines ...domain.RefundLine) domain.RefundRequest {
	return domain.RefundRequest{Lines: lines, Ordered: ordered(), Requester: "staff/1"}
}

// What the lines come to is given back, and no more of a line than was ordered; a refund that
// failed leaves its lines.
func TestARefundByLinesGivesBackWhatTheyComeTo(t *testing.T) {
	t.Parallel()
	a := captured()
	first, err := a.Refund(ofLines(domain.RefundLine{ProductCode: "MUG", Quantity: 1}, domain.RefundLine{ProductCode: "BISCUIT", Quantity: 3}), decision())
	if err != nil || first.Amount != eur(550) || len(first.Lines) != 2 {
		t.Fatalf("got %+v, %v", first, err)
	}
	a = reload(a)
	_, err = a.Refund(ofLines(domain.RefundLine{ProductCode: "MUG", Quantity: 2}), decision())
	refusedIn(t, err, domain.ReasonRefundTooLarge, "lines[0].quantity")

	a.RefundAnswered(first.ID, domain.Answer{Outcome: domain.Declined, Detail: "card_gone"}, decision())
	both, err := reload(a).Refund(ofLines(domain.RefundLine{ProductCode: "MUG", Quantity: 2}), decision())
	if err != nil || both.Amount != eur(800) {
		t.Errorf("after the first failed: %+v, %v", both, err)
	}
}

// Less than the lines come to may be given back, such as for what is damaged a little.
func TestAnAmountIsCheckedAgainstItsLines(t *testing.T) {
	t.Parallel()
	less, more := eur(399), eur(401)
	request := ofLines(domain.RefundLine{ProductCode: "MUG", Quantity: 1})
	request.Amount = &more
	_, err := captured().Refund(request, decision())
	refusedIn(t, err, fault.ReasonInvalidField, "amount")
	request.Amount = &less
	if refund, err := captured().Refund(request, decision()); err != nil || refund.Amount != less {
		t.Errorf("got %+v, %v", refund, err)
	}
}

func TestLinesThatCantBeGivenBackAreRefused(t *testing.T) {
	t.Parallel()
	_, err := captured().Refund(ofLines(domain.RefundLine{ProductCode: "MUG", Quantity: 1}, domain.RefundLine{ProductCode: "CUP", Quantity: 1}), decision())
	refusedIn(t, err, fault.ReasonInvalidField, "lines[1].product_code")
	_, err = captured().Refund(ofLines(domain.RefundLine{ProductCode: "CARD", Quantity: 1}), decision())
	refusedIn(t, err, fault.ReasonInvalidField, "lines")

	a, most := captured(), eur(900)
	if _, err := a.Refund(domain.RefundRequest{Amount: &most}, decision()); err != nil {
		t.Fatal(err)
	}
	_, err = reload(a).Refund(ofLines(domain.RefundLine{ProductCode: "MUG", Quantity: 1}), decision())
	refusedIn(t, err, domain.ReasonRefundTooLarge)
}

func refusedIn(t *testing.T, err error, reason fault.Reason, fields ...string) {
	t.Helper()
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Reason() != reason || len(f.Violations()) != len(fields) {
		t.Fatalf("got %v, want %s of %v", err, reason, fields)
	}
	for i, violation := range f.Violations() {
		if violation.Field != fields[i] {
			t.Errorf("%s is refused, want %s", violation.Field, fields[i])
		}
	}
}
