package stripe_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider"
	"github.com/shopmesh/shopmesh/services/payment/internal/provider/stripe"
	"github.com/shopmesh/shopmesh/services/payment/stripefake"
)

const key = "sk_test_canary"

// harness is the provider before a fake Stripe, with one clock for both.
type harness struct {
	*stripe.Stripe
	fake *stripefake.Fake
	url  string

	mu  sync.Mutex
	now time.Time
}

func (b *harness) clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *harness) wait(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func newHarness(t *testing.T, cfg stripefake.Config) *harness {
	t.Helper()
	b := &harness{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	cfg.Key, cfg.Now = key, b.clock
	b.fake = stripefake.New(cfg)
	server := httptest.NewServer(b.fake)
	t.Cleanup(server.Close)
	t.Cleanup(b.fake.Close)
	b.url = server.URL
	b.Stripe = stripe.New(stripe.Config{Key: key, URL: server.URL, ReturnURL: func() string { return "https://shop.invalid/paid" }, Now: b.clock})
	return b
}

func eur(amount int64) money.Money { return money.Money{Currency: "EUR", Amount: amount} }

func (b *harness) request(method string) provider.ChargeRequest {
	id := uuid.Must(uuid.NewV7())
	return provider.ChargeRequest{
		Key: provider.ChargeKey(id), PaymentID: id, OrderID: uuid.Must(uuid.NewV7()), Reference: "PAY-00000000",
		Amount: eur(1000), Method: method, Time: b.clock(),
	}
}

// opened opens a PaymentIntent, as the worker does, and returns the request for its money.
func (b *harness) opened(t *testing.T, r provider.ChargeRequest) provider.ChargeRequest {
	t.Helper()
	charge, err := b.Charge(t.Context(), r)
	if err != nil || charge.Status != provider.Opened || charge.ID == "" {
		t.Fatalf("opened %+v, %v", charge, err)
	}
	r.ChargeID = charge.ID
	return r
}

func (b *harness) refundOf(charge string, amount int64) provider.RefundRequest {
	id := uuid.Must(uuid.NewV7())
	return provider.RefundRequest{Key: provider.RefundKey(id), ChargeID: charge, RefundID: id, PaymentID: uuid.Must(uuid.NewV7()), Amount: eur(amount), Time: b.clock()}
}

// Many processes charge the same payment at once, with another PaymentIntent opened
// beside: the recorded one alone is charged, once.
func TestAPaymentIsChargedOnceHoweverManyProcessesTry(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	r := b.opened(t, b.request("pm_card_visa"))
	var calls sync.WaitGroup
	for n := range 16 {
		calls.Go(func() {
			request := r
			request.Attempts = int32(n % 2)
			for {
				charge, err := b.Charge(context.WithoutCancel(t.Context()), request)
				if err == nil {
					if charge.Status != provider.Succeeded || charge.ID != r.ChargeID {
						t.Errorf("answered %+v", charge)
					}
					return
				}
			}
		})
	}
	calls.Wait()
	if all := b.fake.Ledger(); len(all) != 1 || all[0].Charges != 1 {
		t.Errorf("the ledger holds %+v", all)
	}
}

// A key that Stripe forgot makes no second charge: what is recorded is looked up, and
// what is not recorded is searched.
func TestAKeyThatStripeForgotMakesNoSecondCharge(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	r := b.opened(t, b.request("pm_card_visa"))
	if charge, err := b.Charge(t.Context(), r); err != nil || charge.Status != provider.Succeeded {
		t.Fatalf("%+v, %v", charge, err)
	}
	b.wait(25 * time.Hour)
	if charge, err := b.Charge(t.Context(), r); err != nil || charge.Status != provider.Succeeded {
		t.Errorf("called again: %+v, %v", charge, err)
	}
	// The database was restored to before the PaymentIntent's id was recorded.
	lost := r
	lost.ChargeID = ""
	if charge, err := b.Charge(t.Context(), lost); err != nil || charge.Status != provider.Opened || charge.ID != r.ChargeID {
		t.Errorf("opened again: %+v, %v", charge, err)
	}
	if all := b.fake.Ledger(); len(all) != 1 || all[0].Charges != 1 {
		t.Errorf("the ledger holds %+v", all)
	}
	// What Stripe never had is opened late, or not at all for an order that ended.
	late := b.request("pm_card_visa")
	late.Time = late.Time.Add(-30 * time.Hour)
	ended := late
	ended.Cancelled = true
	if charge, err := b.Charge(t.Context(), ended); err != nil || charge.Status != provider.Declined || charge.Code != provider.CodeCancelled {
		t.Errorf("an order that ended: %+v, %v", charge, err)
	}
	if charge, err := b.Charge(t.Context(), b.opened(t, late)); err != nil || charge.Status != provider.Succeeded {
		t.Errorf("opened late: %+v, %v", charge, err)
	}
}

// Stripe keeps a failure under its key: another PaymentIntent is opened, and the one
// that was made unknown to us stays without money.
func TestAFailureThatIsKeptUnderItsKeyDoesNotStopThePayment(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{Faults: stripefake.Faults{Failed: 1}})
	r := b.request("pm_card_visa")
	if charge, err := b.Charge(t.Context(), r); err == nil {
		t.Fatalf("answered %+v", charge)
	}
	b.fake.SetFaults(stripefake.Faults{})
	r = b.opened(t, r)
	if charge, err := b.Charge(t.Context(), r); err != nil || charge.Status != provider.Succeeded {
		t.Errorf("%+v, %v", charge, err)
	}
	if all := b.fake.Ledger(); len(all) != 2 || all[0].Charges != 0 || all[1].Charges != 1 {
		t.Errorf("the ledger holds %+v", all)
	}
}

// A refund's key is used for 23 hours and no longer: after that a refund is only
// looked for, and given up when no request can be under way any more.
func TestARefundIsNotRepeatedWhenItsKeyMayBeForgotten(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	charge := b.opened(t, b.request("pm_card_visa"))
	if _, err := b.Charge(t.Context(), charge); err != nil {
		t.Fatal(err)
	}
	b.fake.SetFaults(stripefake.Faults{Lost: 1})
	made := b.refundOf(charge.ChargeID, 300)
	if got, err := b.Refund(t.Context(), made); err == nil {
		t.Fatalf("answered %+v", got)
	}
	b.fake.SetFaults(stripefake.Faults{})
	never := b.refundOf(charge.ChargeID, 100)
	made.Attempts, never.Attempts = 1, 1
	for _, age := range []time.Duration{23*time.Hour + time.Minute, 2 * time.Hour} {
		b.wait(age)
		if got, err := b.Refund(t.Context(), made); err != nil || got.Status != provider.Succeeded {
			t.Errorf("what was made: %+v, %v", got, err)
		}
		got, err := b.Refund(t.Context(), never)
		if givenUp := age == 2*time.Hour; givenUp != (err == nil && got.Status == provider.Declined && got.Code == "refund_not_made") || (!givenUp && err == nil) {
			t.Errorf("what was not made: %+v, %v", got, err)
		}
	}
	if in := b.fake.Ledger()[0]; in.Refunded != 300 {
		t.Errorf("the ledger holds %+v", in)
	}
}

func TestARefundIsDeclined(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	charge := b.opened(t, b.request("pm_card_visa"))
	if got, err := b.Refund(t.Context(), b.refundOf(charge.ChargeID, 1)); err != nil || got.Status != provider.Declined || got.Code != "charge_not_refundable" {
		t.Errorf("before it was charged: %+v, %v", got, err)
	}
	if _, err := b.Charge(t.Context(), charge); err != nil {
		t.Fatal(err)
	}
	if got, err := b.Refund(t.Context(), b.refundOf(charge.ChargeID, 1001)); err != nil || got.Status != provider.Declined {
		t.Errorf("more than was charged: %+v, %v", got, err)
	}
	if got, err := b.Refund(t.Context(), b.refundOf("pi_other", 1)); err != nil || got.Status != provider.Declined || got.Code != "resource_missing" {
		t.Errorf("of nothing: %+v, %v", got, err)
	}
	reused := b.refundOf(charge.ChargeID, 10)
	if _, err := b.Refund(t.Context(), reused); err != nil {
		t.Fatal(err)
	}
	reused.Amount = eur(20)
	if got, err := b.Refund(t.Context(), reused); !errors.Is(err, provider.ErrKeyReused) {
		t.Errorf("under a used key: %+v, %v", got, err)
	}
}

// What is wrong with our key is no decline: the payment waits until it is mended.
func TestAWrongKeyDeclinesNothing(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	server := httptest.NewServer(b.fake)
	t.Cleanup(server.Close)
	other := stripe.New(stripe.Config{Key: "sk_test_other", URL: server.URL, Now: b.clock})
	charge, err := other.Charge(t.Context(), b.request("pm_card_visa"))
	if err == nil || strings.Contains(err.Error(), "sk_test") || !strings.Contains(err.Error(), "401") {
		t.Errorf("%+v, %v", charge, err)
	}
}

// Nothing is sent that describes the machine, and every request names the version that
// its answers are read in.
func TestRequestsDescribeNothingOfTheMachine(t *testing.T) {
	t.Parallel()
	headers := make(chan http.Header, 8)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		http.Error(w, `{"secret": "pi_1_secret_canary"`, http.StatusOK)
	}))
	t.Cleanup(server.Close)
	s := stripe.New(stripe.Config{Key: key, URL: server.URL, Now: time.Now})
	for range 2 {
		_, err := s.NextAction(t.Context(), "pi_1")
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("an answer that can't be read: %v", err)
		}
		h := <-headers
		if h.Get("X-Stripe-Client-User-Agent") != "" || h.Get("X-Stripe-Client-Telemetry") != "" || h.Get("Stripe-Version") != "2026-02-25.clover" {
			t.Errorf("sent %v", h)
		}
	}
}

// What a customer has to do is read as it stands: a check by Stripe.js, a bank's page,
// or nothing any more.
func TestTheNextActionIsReadAsItStands(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	check := b.opened(t, b.request("pm_card_threeDSecure2Required"))
	page := b.opened(t, b.request("pm_ideal"))
	for _, r := range []provider.ChargeRequest{check, page} {
		if got, err := b.Charge(t.Context(), r); err != nil || got.Status != provider.Pending || got.Waits != provider.WaitsForCustomer {
			t.Fatalf("confirmed: %+v, %v", got, err)
		}
	}
	if got, err := b.NextAction(t.Context(), check.ChargeID); err != nil || got.RedirectURL != "" || !strings.HasPrefix(got.ClientSecret, check.ChargeID+"_secret_") {
		t.Errorf("3-D Secure: %+v, %v", got, err)
	}
	if got, err := b.NextAction(t.Context(), page.ChargeID); err != nil || got.ClientSecret != "" || !strings.HasPrefix(got.RedirectURL, "https://bank.invalid/") {
		t.Errorf("a bank's page: %+v, %v", got, err)
	}
	if err := b.fake.Authenticate(check.ChargeID, true); err != nil {
		t.Fatal(err)
	}
	if got, err := b.NextAction(t.Context(), check.ChargeID); err != nil || got != (provider.Action{}) {
		t.Errorf("after it was done: %+v, %v", got, err)
	}
}

// Stripe refuses a method that needs a bank's page while the shop names no page to
// return to: its own code shows which.
func TestABanksPageNeedsAPageToReturnTo(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	s := stripe.New(stripe.Config{Key: key, URL: b.url, Now: b.clock})
	got, err := s.Charge(t.Context(), b.request("pm_ideal"))
	if err != nil || got.Status != provider.Declined || got.Code != "payment_method_not_available" {
		t.Errorf("%+v, %v", got, err)
	}
}

// A refusal shows whether another request would be refused too.
func TestARefundIsRefusedForGood(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	paid := func() provider.ChargeRequest {
		r := b.opened(t, b.request("pm_card_visa"))
		if _, err := b.Charge(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return r
	}
	partly, fully, disputed := paid(), paid(), paid()
	if err := errors.Join(b.fake.RefundElsewhere(partly.ChargeID, 600), b.fake.RefundElsewhere(fully.ChargeID, 1000)); err != nil {
		t.Fatal(err)
	}
	if _, err := b.fake.Dispute(disputed.ChargeID, 1000, "fraudulent"); err != nil {
		t.Fatal(err)
	}
	for code, r := range map[string]provider.RefundRequest{
		provider.CodeRefundTooLarge: b.refundOf(partly.ChargeID, 1000), provider.CodeAlreadyRefunded: b.refundOf(fully.ChargeID, 1),
		provider.CodeDisputed: b.refundOf(disputed.ChargeID, 1),
	} {
		if got, err := b.Refund(t.Context(), r); err != nil || got.Status != provider.Declined || got.Code != code {
			t.Errorf("%s: %+v, %v", code, got, err)
		}
	}
	others, err := b.ListRefunds(t.Context(), partly.ChargeID)
	if err != nil || len(others) != 1 || others[0].Amount != eur(600) || others[0].Refund.ProviderID == "" {
		t.Fatalf("made elsewhere: %+v, %v", others, err)
	}
	found, err := b.LookUpRefund(t.Context(), provider.RefundRequest{
		ChargeID: partly.ChargeID, ProviderID: others[0].Refund.ProviderID, Amount: eur(600),
	})
	if err != nil || found.Status != provider.Succeeded {
		t.Errorf("looked up: %+v, %v", found, err)
	}
	if got, err := b.LookUpRefund(t.Context(), provider.RefundRequest{ProviderID: "re_other"}); err != nil || got.Code != provider.CodeRefundNotFound {
		t.Errorf("what is not there: %+v, %v", got, err)
	}
}

// The ledger is read page by page, and what others did on the same account is not ours.
func TestBalancesCountEveryPage(t *testing.T) {
	t.Parallel()
	b := newHarness(t, stripefake.Config{})
	since := b.clock()
	const payments = 130
	want := map[uuid.UUID]int64{}
	for n := range payments {
		r := b.opened(t, b.request("pm_card_visa"))
		if _, err := b.Charge(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		if n%2 == 0 {
			if _, err := b.Refund(t.Context(), b.refundOf(r.ChargeID, int64(n+1))); err != nil {
				t.Fatal(err)
			}
			want[r.PaymentID] = int64(n + 1)
		}
	}
	balances, err := b.Balances(t.Context(), since)
	if err != nil || len(balances) != payments {
		t.Fatalf("%d balances, %v", len(balances), err)
	}
	for i, balance := range balances {
		if balance.Charges != 1 || balance.Charged != eur(1000) || balance.Refunded != eur(want[balance.PaymentID]) ||
			(i > 0 && balances[i-1].OrderID.String() >= balance.OrderID.String()) {
			t.Errorf("%d: %+v, refunded %d", i, balance, want[balance.PaymentID])
		}
	}
	if later, err := b.Balances(t.Context(), since.Add(time.Second)); err != nil || len(later) != 0 {
		t.Errorf("since later: %d, %v", len(later), err)
	}
}

func TestKeysAndAddressesAreChecked(t *testing.T) {
	t.Parallel()
	for key, ok := range map[string]bool{"sk_live_canary": true, "rk_test_canary": true, "pk_live_canary": false, "canary": false} {
		if err := stripe.CheckKey(key); (err == nil) != ok || err != nil && strings.Contains(err.Error(), "canary") {
			t.Errorf("the key %s: %v", key, err)
		}
	}
	for address, ok := range map[string]bool{
		"https://stripe.example": true, "http://127.0.0.1:1": true, "http://localhost:1": true, "http://stripe.example": false, "stripe": false,
	} {
		if err := stripe.CheckURL(address); (err == nil) != ok {
			t.Errorf("the address %s: %v", address, err)
		}
	}
}
