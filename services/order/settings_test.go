package order_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/money"
	"github.com/shopmesh/shopmesh/kit/settings"
)

func defaults() *orderv1.Settings {
	return &orderv1.Settings{
		PaymentWindow: durationpb.New(30 * time.Minute), RetryAfter: durationpb.New(30 * time.Second),
		MaxUnpaidOrders: new(int32(20)), PaymentMethods: []string{"sandbox_ok"},
	}
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// What the file does not name keeps its default.
func TestTheFileOverridesDefaults(t *testing.T) {
	t.Parallel()
	path := file(t, `{"order":{"paymentWindow":"2s","max_unpaid_orders":7},"catalog":{"whatever":1}}`)
	got, err := settings.Load(path, "order", defaults())
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.PaymentWindow, want.MaxUnpaidOrders = durationpb.New(2*time.Second), new(int32(7))
	if !proto.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for name, source := range map[string]string{
		"no file": "", "no section": file(t, `{"payment":{}}`), "empty section": file(t, `{"order":{}}`),
		"nulls": file(t, `{"order":{"paymentWindow": null, "maxUnpaidOrders":null, "paymentMethods": null}}`),
	} {
		if got, err := settings.Load(source, "order", defaults()); err != nil || !proto.Equal(got, defaults()) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

// Naming a field with its zero value sets it; a nested message keeps what is not
// named of it.
func TestZeroValuesAndNestedMessagesOverride(t *testing.T) {
	t.Parallel()
	was := &operationsv1.AuditResponse{
		Context: "order",
		Record: &operationsv1.AuditRecord{Record: &operationsv1.AuditRecord_Finding{
			Finding: &operationsv1.Finding{Kind: "LOST", Subject: "7", Message: "kept"},
		}},
	}
	got, err := settings.Load(file(t, `{"x":{"context":"","record":{"finding":{"kind":"FOUND","subject":""}}}}`), "x", was)
	if err != nil {
		t.Fatal(err)
	}
	finding := got.GetRecord().GetFinding()
	if got.GetContext() != "" || finding.GetKind() != "FOUND" || finding.GetSubject() != "" || finding.GetMessage() != "kept" {
		t.Errorf("got %v", got)
	}
	if was.GetContext() != "order" {
		t.Error("the defaults were changed")
	}
}

// An error names the file, the context and the name.
func TestAnErrorNamesFileContextAndField(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ text, want string }{
		"unknown name":   {`{"order":{"paymentWindw":"2s"}}`, "paymentWindw"},
		"broken rule":    {`{"order":{"maxUnpaidOrders":0}}`, "max_unpaid_orders"},
		"two rules":      {`{"order":{"maxUnpaidOrders":0,"paymentWindow":"0s"}}`, "payment_window"},
		"wrong type":     {`{"order":{"maxUnpaidOrders":"many"}}`, "maxUnpaidOrders"},
		"context twice":  {`{"order":{},"order":{}}`, `"order" is there twice`},
		"no object":      {`[]`, "must be a JSON object"},
		"no JSON":        {`{"order":`, "settings.json"},
		"more behind it": {`{} {}`, "there is more"},
	} {
		_, err := settings.Load(file(t, row.text), "order", defaults())
		if err == nil || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), "settings.json") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := settings.Load("/nowhere/at/all.json", "order", defaults()); err == nil || !strings.Contains(err.Error(), "/nowhere/at/all.json") {
		t.Errorf("no such file: %v", err)
	}
	if err := settings.Check(file(t, `{"order":{},"ordr":{},"catalog":{}}`), "order", "catalog"); err == nil || !strings.Contains(err.Error(), "ordr") {
		t.Errorf("a misspelt context: %v", err)
	}
	if err := settings.Check("", "order"); err != nil {
		t.Errorf("no file: %v", err)
	}
}

// By default Stripe's bounds hold for cards: Kuwaiti dinars in tens, and a week for a
// debit that the bank works on. A file that names rules replaces them.
func TestCardsHaveStripesBoundsUnlessTheOwnerSetsOthers(t *testing.T) {
	t.Parallel()
	rule := settings.Defaults[*orderv1.Settings]().GetPaymentMethodRules()[0]
	if rule.GetMethod() != "pm_*" || len(rule.GetOtherMethods()) != 1 || rule.GetOtherMethods()[0] != "stripe_checkout" || rule.GetProcessingWindow().AsDuration() != 7*24*time.Hour {
		t.Errorf("the default rule is for %s, %v", rule.GetMethod(), rule.GetProcessingWindow())
	}
	for _, limit := range rule.GetLimits() {
		if limit.GetCurrency() == "KWD" && limit.GetStep() != 10 || limit.GetCurrency() == "EUR" && limit.GetSmallest() != 50 {
			t.Errorf("the default limit is %v", limit)
		}
	}
	own := file(t, `{"order":{"paymentMethodRules":[{"method":"sandbox_*","currencies":["EUR"],"paymentWindow":"60s"}]}}`)
	loaded, err := settings.Load(own, "order", settings.Defaults[*orderv1.Settings]())
	if err != nil || len(loaded.GetPaymentMethodRules()) != 1 || loaded.GetPaymentMethodRules()[0].GetPaymentWindow().AsDuration() != time.Minute {
		t.Errorf("loaded %v, %v", loaded.GetPaymentMethodRules(), err)
	}
	if _, err := settings.Load(file(t, `{"order":{"paymentMethodRules":[{"method":"pm_*","currencies":["euro"]}]}}`), "order", settings.Defaults[*orderv1.Settings]()); err == nil {
		t.Error("a currency that is none was taken")
	}
}

// An owner who starts from the defaults may set them.
func TestTheDefaultsNameCurrenciesInUse(t *testing.T) {
	t.Parallel()
	for _, rule := range settings.Defaults[*orderv1.Settings]().GetPaymentMethodRules() {
		for _, limit := range rule.GetLimits() {
			if code := limit.GetCurrency(); code != "" && !money.Valid(code) {
				t.Errorf("%s: %s is no currency in use", rule.GetMethod(), code)
			}
		}
	}
}
