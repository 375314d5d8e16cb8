package authz_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

const stockRead, stockWrite = optionsv1.Permission_PERMISSION_STOCK_READ, optionsv1.Permission_PERMISSION_STOCK_WRITE

// callers are one of each kind; those with permissions may read stock.
func callers() map[string]authz.Identity {
	read := []optionsv1.Permission{stockRead}
	return map[string]authz.Identity{
		"anonymous": {}, "customer": {Kind: authz.Customer, ID: "c"}, "staff": {Kind: authz.Staff, ID: "s", Permissions: read},
		"owner": {Kind: authz.Owner}, "service": {Kind: authz.Service, ID: "order", Permissions: read},
		"key":         {Kind: authz.Staff, ID: "s", APIKey: "k", Permissions: read},
		"owner's key": {Kind: authz.Owner, ID: "o", APIKey: "k", Permissions: read},
		"order guest": authz.GuestOfOrder(authz.GuestOrder{OrderID: uuid.New()}),
		"cart guest":  authz.GuestOfCart([32]byte{1}),
	}
}

// Each kind of caller is let in by exactly the options that name it.
func TestWhoIsLetIn(t *testing.T) {
	t.Parallel()
	type may = []string
	for name, row := range map[string]struct {
		option *optionsv1.Authorization
		may    may
	}{
		"public": {&optionsv1.Authorization{Public: true},
			may{"anonymous", "customer", "staff", "owner", "service", "key", "owner's key", "order guest", "cart guest"}},
		"permission held":     {&optionsv1.Authorization{Permission: stockRead}, may{"staff", "owner", "service", "key", "owner's key"}},
		"permission not held": {&optionsv1.Authorization{Permission: stockWrite}, may{"owner"}},
		"resource owner":      {&optionsv1.Authorization{ResourceOwner: true}, may{"customer", "owner"}},
		"service":             {&optionsv1.Authorization{Service: true}, may{"service"}},
		"this service":        {&optionsv1.Authorization{Services: []string{"payment", "order"}}, may{"service"}},
		"other services":      {&optionsv1.Authorization{Services: []string{"payment", ""}}, nil},
		"this, or permission": {&optionsv1.Authorization{Services: []string{"order"}, Permission: stockWrite}, may{"service", "owner"}},
		"signed in":           {&optionsv1.Authorization{SignedIn: true}, may{"customer", "staff", "owner"}},
		"guest of an order":   {&optionsv1.Authorization{GuestOrder: true}, may{"order guest", "owner"}},
		"guest with a cart":   {&optionsv1.Authorization{GuestCart: true}, may{"cart guest", "owner"}},
		"no API key":          {&optionsv1.Authorization{Permission: stockRead, NoApiKey: true}, may{"staff", "owner", "service"}},
		"restrictions alone":  {&optionsv1.Authorization{Permission: stockWrite, StepUp: true, NoApiKey: true}, nil},
		"nothing stated":      {nil, nil},
	} {
		for kind, caller := range callers() {
			want := fault.ReasonPermissionDenied
			switch {
			case slices.Contains(row.may, kind):
				want = ""
			case kind == "anonymous" && row.option != nil:
				want = fault.ReasonUnauthenticated
			case kind == "owner" && row.option.GetStepUp():
				want = fault.ReasonStepUpRequired
			}
			if got := fault.ReasonOf(authz.Check(row.option, caller, time.Now())); got != want {
				t.Errorf("%s: %s got %q, want %q", name, kind, got, want)
			}
		}
	}
}

// An RPC that needs a step-up lets in who proved it of late, by a code where the account
// has codes.
func TestStepUp(t *testing.T) {
	t.Parallel()
	now := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	option := &optionsv1.Authorization{Permission: stockRead, ResourceOwner: true, GuestOrder: true, StepUp: true}
	callers := callers()
	with := func(kind string, change func(*authz.Identity)) authz.Identity {
		caller := callers[kind]
		change(&caller)
		return caller
	}
	at := func(age time.Duration, otp bool, methods ...string) func(*authz.Identity) {
		return func(i *authz.Identity) { i.AuthTime, i.HasOTP, i.Methods = now.Add(-age), otp, methods }
	}
	aged := func(age, longest time.Duration) func(*authz.Identity) {
		return func(i *authz.Identity) { i.AuthTime, i.StepUpAge, i.Methods = now.Add(-age), longest, []string{"pwd"} }
	}
	for name, row := range map[string]struct {
		caller authz.Identity
		want   fault.Reason
	}{
		"staff at the limit":                   {with("staff", at(authz.StepUpAge, false, "pwd")), ""},
		"staff after it":                       {with("staff", at(authz.StepUpAge+time.Second, false, "pwd")), fault.ReasonStepUpRequired},
		"staff at another limit":               {with("staff", aged(20*time.Minute, 20*time.Minute)), ""},
		"staff after a shorter one":            {with("staff", aged(2*time.Minute, time.Minute)), fault.ReasonStepUpRequired},
		"the owner after it":                   {with("owner", at(time.Hour, false, "pwd")), fault.ReasonStepUpRequired},
		"a customer":                           {with("customer", at(time.Minute, false, "pwd")), ""},
		"never":                                {callers["owner"], fault.ReasonStepUpRequired},
		"codes, but by the password":           {with("owner", at(time.Minute, true, "pwd")), fault.ReasonStepUpRequired},
		"codes, and by one":                    {with("owner", at(time.Minute, true, "pwd", "otp")), ""},
		"by a code, long ago":                  {with("owner", at(time.Hour, true, "pwd", "otp")), fault.ReasonStepUpRequired},
		"the operator":                         {with("owner", at(time.Hour, true, "operator")), ""},
		"a service":                            {callers["service"], ""},
		"an API key":                           {with("key", at(time.Minute, false)), fault.ReasonPermissionDenied},
		"a guest":                              {callers["order guest"], fault.ReasonPermissionDenied},
		"staff without the permission, proved": {authz.Identity{Kind: authz.Staff, AuthTime: now}, fault.ReasonPermissionDenied},
	} {
		if got := fault.ReasonOf(authz.Check(option, row.caller, now)); got != row.want {
			t.Errorf("%s: %q, want %q", name, got, row.want)
		}
	}
	refused, _ := fault.Of(authz.SteppedUp(authz.Identity{Kind: authz.Owner, HasOTP: true}, now))
	if refused.Metadata()["max_age_seconds"] != "600" || refused.Metadata()["otp"] != "true" {
		t.Errorf("the answer does not state what to do: %v", refused.Metadata())
	}
}

// Who works for the shop and must enroll one-time codes first may call what everybody may and
// what is about their own account, and holds no permission meanwhile.
func TestWhoMustEnrollMayDoNothingElse(t *testing.T) {
	t.Parallel()
	now := time.Now()
	for name, row := range map[string]struct {
		option *optionsv1.Authorization
		want   fault.Reason
	}{
		"public":                    {&optionsv1.Authorization{Public: true}, ""},
		"signed in":                 {&optionsv1.Authorization{SignedIn: true}, ""},
		"signed in, with a proof":   {&optionsv1.Authorization{SignedIn: true, StepUp: true}, ""},
		"a permission that is held": {&optionsv1.Authorization{Permission: stockRead}, fault.ReasonStepUpRequired},
		"resource owner":            {&optionsv1.Authorization{ResourceOwner: true}, fault.ReasonStepUpRequired},
		"services":                  {&optionsv1.Authorization{Service: true}, fault.ReasonPermissionDenied},
	} {
		for _, kind := range []authz.Kind{authz.Staff, authz.Owner} {
			caller := authz.Identity{Kind: kind, ID: "s", Permissions: []optionsv1.Permission{stockRead}, AuthTime: now, MustEnroll: true}
			if got := fault.ReasonOf(authz.Check(row.option, caller, now)); got != row.want {
				t.Errorf("%s: a %s got %q, want %q", name, kind, got, row.want)
			}
			if caller.May(stockRead) {
				t.Errorf("a %s holds a permission", kind)
			}
		}
	}
}

// However an identity is printed, logged or encoded, its token and its MAC are not shown.
func TestAnIdentityHidesItsSecrets(t *testing.T) {
	t.Parallel()
	const secret = "secret-of-the-caller"
	order := authz.GuestOrder{OrderID: uuid.New(), MAC: []byte(secret)}
	inner := authz.Identity{Kind: authz.Customer, ID: "c"}.WithToken(secret)
	caller := authz.GuestOfOrder(order).WithToken(secret)
	caller.OnBehalfOf = &inner
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("call", "by", caller, "and", &caller, "in", struct{ authz.Identity }{caller})
	slog.New(slog.NewJSONHandler(&log, nil)).Info("call", "by", caller, "and", &caller, "all", []authz.Identity{caller})
	encoded, err := json.Marshal(map[string]any{"caller": caller, "inner": &inner})
	if err != nil {
		t.Fatal(err)
	}
	text := log.String() + string(encoded)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		text += fmt.Sprintf(verb+verb+verb, caller, &caller, []authz.Identity{caller})
	}
	for _, leak := range []string{secret, fmt.Sprintf("%x", secret), fmt.Sprintf("%d", []byte(secret)), "c2VjcmV0"} {
		if strings.Contains(text, leak) {
			t.Errorf("%q is shown:\n%s", leak, text)
		}
	}
	if caller.Token() != secret || !strings.Contains(text, "guest/"+order.OrderID.String()) {
		t.Errorf("the token is lost, or the key is not shown:\n%s", text)
	}
}

// NilCustomerOwnsNothing (Spree CVE-2026-22589): who has no id does not own what has no
// customer.
func TestNilCustomerOwnsNothing(t *testing.T) {
	t.Parallel()
	for _, none := range []string{"", uuid.Nil.String()} {
		for _, kind := range []authz.Kind{authz.Anonymous, authz.Customer, authz.Staff, authz.Guest} {
			if (authz.Identity{Kind: kind, ID: none}).Owns(none) {
				t.Errorf("a %s with the id %q owns what has no customer", kind, none)
			}
		}
	}
}

func TestCallerTravelsInTheContext(t *testing.T) {
	t.Parallel()
	if got := authz.Caller(context.Background()); got.Kind != authz.Anonymous {
		t.Errorf("without a caller: %v", got)
	}
	want := authz.Identity{Kind: authz.Customer, ID: "42"}
	got := authz.Caller(authz.WithCaller(context.Background(), want))
	if got.Key() != "customer/42" || !got.Owns("42") || got.Owns("43") || got.Owns("") {
		t.Errorf("got %+v", got)
	}
}

func TestOptionIsReadFromTheContract(t *testing.T) {
	t.Parallel()
	method := operationsv1.File_shopmesh_operations_v1_operations_service_proto.
		Services().ByName("OperationsService").Methods().ByName("Audit")
	if got := authz.Option(method).GetPermission(); got != optionsv1.Permission_PERMISSION_OPERATIONS {
		t.Errorf("got %v", got)
	}
}
