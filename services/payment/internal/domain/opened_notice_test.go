package domain_test

import (
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/services/payment/internal/domain"
)

// throughPage is a notice that the customer went through the page cs_1, which made pi_1.
func throughPage(succeeded bool) domain.Notice {
	return domain.Notice{OrderID: orderID, ChargeID: "pi_1", OpenedID: "cs_1", Amount: eur(1000), Succeeded: succeeded}
}

// onPage is a stored payment of 10 EUR whose page cs_1 is recorded.
func onPage() *domain.Account {
	a := pending()
	a.Charged(domain.Answer{Outcome: domain.Opened, ProviderID: "cs_1"}, decision())
	return reload(a)
}

// A notice names the page and the charge that it came to: it has the payment looked up at once,
// whichever the shop knows by then, and changes nothing afterwards.
func TestANoticeOfAPageNamesItsCharge(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]*domain.Account{"no id is stored": pending(), "the page is": onPage()} {
		for range 2 {
			if v := a.ApplyNotice(throughPage(true), decision()); v != (domain.Verdict{}) {
				t.Errorf("%s: %+v", name, v)
			}
		}
		if p := a.Payment(); p.ChargeID != "cs_1" || !p.Due.Equal(noon) || p.Decided() {
			t.Errorf("%s: it stands at %+v", name, p)
		}
		a = reload(a)
		a.Charged(domain.Answer{Outcome: domain.Succeeded, ProviderID: "pi_1"}, decision())
		a = reload(a)
		for _, succeeded := range []bool{true, false} {
			if v := a.ApplyNotice(throughPage(succeeded), decision()); v != (domain.Verdict{}) || len(changesOf(a).Update) != 0 {
				t.Errorf("%s: late it is %+v", name, v)
			}
		}
		if p := a.Payment(); p.ChargeID != "pi_1" || p.Captured != eur(1000) {
			t.Errorf("%s: it ends at %+v", name, p)
		}
	}
}

// Money that another page than the recorded one took, or that came after the payment failed,
// contradicts the books; a page that nobody paid on does not.
func TestMoneyOfAnotherPageContradicts(t *testing.T) {
	t.Parallel()
	other := throughPage(true)
	other.ChargeID, other.OpenedID = "pi_2", "cs_2"
	if v := onPage().ApplyNotice(other, decision()); !strings.Contains(v.Contradiction, "charge pi_2, the payment's is cs_1") {
		t.Errorf("another page: %+v", v)
	}
	other.Succeeded = false
	a := onPage()
	if v := a.ApplyNotice(other, decision()); v != (domain.Verdict{}) || len(changesOf(a).Update) != 0 {
		t.Errorf("another page that is over: %+v", v)
	}
	over := onPage()
	over.Charged(domain.Answer{Outcome: domain.Declined, Detail: "checkout_expired"}, decision())
	if v := reload(over).ApplyNotice(throughPage(true), decision()); !strings.Contains(v.Contradiction, "took the money of a payment that is FAILED") {
		t.Errorf("after it failed: %+v", v)
	}
}

// Of a refund and a dispute the provider names the charge alone, which the shop does not know
// before the payment is decided: they wait until then.
func TestARefundOfAPageThatIsNotDecidedWaits(t *testing.T) {
	t.Parallel()
	refund := domain.Notice{ChargeID: "pi_1", Amount: eur(400), Refund: &domain.RefundNotice{ProviderID: "re_1"}}
	dispute := domain.Notice{ChargeID: "pi_1", Amount: eur(1000), Dispute: &domain.Dispute{ID: "dp_1", Amount: eur(1000), Status: domain.DisputeNeedsResponse, OpenTime: noon, ObserveTime: noon}}
	for name, n := range map[string]domain.Notice{"refund": refund, "dispute": dispute} {
		a := onPage()
		if v := a.ApplyNotice(n, decision()); !v.TooEarly || v.Contradiction != "" || !a.Payment().Due.Equal(noon) {
			t.Errorf("%s: %+v", name, v)
		}
		a = reload(a)
		a.Charged(domain.Answer{Outcome: domain.Succeeded, ProviderID: "pi_1"}, decision())
		if v := reload(a).ApplyNotice(n, decision()); v != (domain.Verdict{}) {
			t.Errorf("%s, once it is decided: %+v", name, v)
		}
		failed := onPage()
		failed.Charged(domain.Answer{Outcome: domain.Declined, Detail: "checkout_expired"}, decision())
		if v := reload(failed).ApplyNotice(n, decision()); v.Contradiction == "" {
			t.Errorf("%s of a payment that failed: %+v", name, v)
		}
	}
}
