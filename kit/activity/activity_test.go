package activity_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
)

func TestWhoIsRecorded(t *testing.T) {
	t.Parallel()
	products := catalogv1.File_shopmesh_catalog_v1_product_service_proto.Services().ByName("ProductService")
	accounts := identityv1.File_shopmesh_identity_v1_account_service_proto.Services().ByName("AccountService")
	staff, customer := authz.Identity{Kind: authz.Staff}, authz.Identity{Kind: authz.Customer}
	operator := authz.Identity{Kind: authz.Customer, Methods: []string{authz.MethodOperator}}
	cases := []struct {
		service protoreflect.ServiceDescriptor
		rpc     protoreflect.Name
		caller  authz.Identity
		want    bool
	}{
		{products, "UpdateProduct", staff, true},
		{products, "UpdateProduct", authz.Identity{Kind: authz.Owner}, true},
		{products, "UpdateProduct", authz.Identity{Kind: authz.Staff, APIKey: "k"}, true},
		{products, "UpdateProduct", operator, true},
		{products, "UpdateProduct", authz.Identity{Kind: authz.Service, OnBehalfOf: &staff}, true},
		{products, "UpdateProduct", authz.Identity{Kind: authz.Service, OnBehalfOf: &customer}, false},
		{products, "UpdateProduct", authz.Identity{Kind: authz.Service}, false},
		{products, "UpdateProduct", authz.Identity{Kind: authz.Service, Methods: operator.Methods}, false},
		{products, "UpdateProduct", customer, false},
		{products, "UpdateProduct", authz.Identity{}, false},
		{products, "ListProducts", staff, false},
		{accounts, "SignIn", authz.Identity{}, true},
		{accounts, "ChangePassword", customer, true},
		{accounts, "RefreshSession", staff, true},
		{accounts, "RefreshSession", authz.Identity{}, true},
	}
	for _, c := range cases {
		if got := activity.RuleOf(c.service.Methods().ByName(c.rpc)).Records(c.caller); got != c.want {
			t.Errorf("%s by %v on behalf of %v: %v", c.rpc, c.caller, c.caller.OnBehalfOf, got)
		}
	}
}

// RPCs that customers call about their accounts state whether they are recorded: what states
// nothing is not recorded of shoppers.
func TestRPCsAboutAccountsStateWhetherTheyAreRecorded(t *testing.T) {
	t.Parallel()
	accounts := identityv1.File_shopmesh_identity_v1_account_service_proto.Services().ByName("AccountService").Methods()
	for i := range accounts.Len() {
		method := accounts.Get(i)
		options := method.Options().(*descriptorpb.MethodOptions)
		if options.GetIdempotencyLevel() != descriptorpb.MethodOptions_NO_SIDE_EFFECTS && !proto.HasExtension(options, optionsv1.E_Recorded) {
			t.Errorf("%s states no recorded", method.FullName())
		}
	}
}

func TestAnEntryNamesTheCaller(t *testing.T) {
	t.Parallel()
	now, id, product := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC), uuid.New(), uuid.New()
	call := &activity.Call{
		RPC: "shopmesh.catalog.v1.ProductService/UpdateProduct", AddressPrefix: "192.0.2.1",
		Caller: authz.Identity{Kind: authz.Service, ID: "order", OnBehalfOf: &authz.Identity{Kind: authz.Staff, ID: "a", AccountID: "a", SessionID: "s"}},
	}
	ctx, record := activity.Begin(activity.WithCall(t.Context(), call))
	activity.Changed(ctx, "products/"+product.String(), &catalogv1.Product{Name: "Cup"}, &catalogv1.Product{Name: "Mug"})
	entries := record.Entries(true, func() uuid.UUID { return id }, now)
	if len(entries) != 1 {
		t.Fatalf("%d entries", len(entries))
	}
	entry := entries[0]
	if entry.GetId() != id.String() || !entry.GetCreateTime().AsTime().Equal(now) || entry.GetRpc() != call.RPC || entry.GetAddressPrefix() != "192.0.2.1" ||
		entry.GetResource() != "products/"+product.String() || entry.GetOutcome() != activityv1.Outcome_OUTCOME_DONE || entry.GetCount() != 1 ||
		len(entry.GetChanges()) != 1 || entry.GetChanges()[0].GetNewValue() != "Mug" {
		t.Errorf("the entry is %v", entry)
	}
	if by := entry.GetActor(); by.GetKind() != activityv1.ActorKind_ACTOR_KIND_SERVICE || by.GetId() != "order" || by.GetCredential() != activityv1.Credential_CREDENTIAL_SERVICE {
		t.Errorf("the actor is %v", by)
	}
	if of := entry.GetOnBehalfOf(); of.GetKind() != activityv1.ActorKind_ACTOR_KIND_STAFF || of.GetId() != "a" || of.GetCredentialId() != "s" {
		t.Errorf("on behalf of %v", of)
	}
	for what, caller := range map[activityv1.Credential]authz.Identity{
		activityv1.Credential_CREDENTIAL_API_KEY:  {Kind: authz.Staff, ID: "a", APIKey: "k"},
		activityv1.Credential_CREDENTIAL_OPERATOR: {Kind: authz.Owner, ID: "operator-0", Methods: []string{authz.MethodOperator}},
		activityv1.Credential_CREDENTIAL_GUEST:    {Kind: authz.Guest, ID: "o"},
	} {
		if got := activity.ActorOf(caller).GetCredential(); got != what {
			t.Errorf("%v showed %v, not %v", caller, got, what)
		}
	}
}

// A transaction has an entry for each resource that it changes; one that noted none has an
// entry all the same, unless it noted that it changes nothing.
func TestEntriesOfATransaction(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		note func(context.Context)
		used bool
		want []string
	}{
		"statements alone": {func(context.Context) {}, true, []string{""}},
		"nothing":          {func(context.Context) {}, false, nil},
		"two resources": {func(ctx context.Context) {
			activity.Changed(ctx, "products/1", nil, nil)
			activity.Changed(ctx, "products/2", nil, nil)
		}, false, []string{"products/1", "products/2"}},
		"unchanged": {activity.Unchanged, true, nil},
	} {
		ctx, record := activity.Begin(activity.WithCall(t.Context(), &activity.Call{RPC: "x"}))
		c.note(ctx)
		var got []string
		for _, entry := range record.Entries(c.used, uuid.New, time.Now()) {
			got = append(got, entry.GetResource())
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// A transaction that serves many calls has an entry for each that is recorded.
func TestABatchServesManyCalls(t *testing.T) {
	t.Parallel()
	ctx, record := activity.Begin(activity.Batch(t.Context()))
	activity.ChangedBy(ctx, &activity.Call{RPC: "x", TraceID: "1"}, "orders/1", nil, nil)
	activity.ChangedBy(ctx, nil, "orders/2", nil, nil)
	activity.ChangedBy(ctx, &activity.Call{RPC: "x", TraceID: "3"}, "orders/3", nil, nil)
	entries := record.Entries(true, uuid.New, time.Now())
	if len(entries) != 2 || entries[0].GetResource() != "orders/1" || entries[1].GetTraceId() != "3" {
		t.Errorf("the entries are %v", entries)
	}
	_, none := activity.Begin(activity.Batch(t.Context()))
	if entries := none.Entries(true, uuid.New, time.Now()); len(entries) > 0 {
		t.Errorf("of no call: %v", entries)
	}
}

// What prepares a change, and what no call makes, is not recorded.
func TestWithoutACallNothingIsRecorded(t *testing.T) {
	t.Parallel()
	for name, ctx := range map[string]context.Context{
		"no call": t.Context(),
		"without": activity.Without(activity.WithCall(t.Context(), &activity.Call{RPC: "x"})),
	} {
		ctx, record := activity.Begin(ctx)
		activity.Changed(ctx, "products/1", nil, &catalogv1.Product{Name: "Cup"})
		if record != nil {
			t.Errorf("%s: recorded", name)
		}
	}
}

// A flood of refused calls is few entries; what does not fit is counted.
func TestRefusalsAreBoundedAndDropsAreCounted(t *testing.T) {
	t.Parallel()
	reader := metric.NewManualReader()
	refusals := activity.NewRefusals("catalog", metric.NewMeterProvider(metric.WithReader(reader)), time.Now, uuid.New)
	denied := fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "no")
	call := func(prefix int) activity.Call {
		return activity.Call{RPC: "shopmesh.catalog.v1.ProductService/CreateProduct", AddressPrefix: fmt.Sprintf("192.0.2.%d", prefix)}
	}
	for range 3 {
		for prefix := range activity.MaxRefusals + 5 {
			refusals.Note(t.Context(), call(prefix), denied)
		}
	}
	entries, dropped := refusals.Take()
	if len(entries) != activity.MaxRefusals || dropped != 15 {
		t.Errorf("%d entries, %d dropped", len(entries), dropped)
	}
	for _, entry := range entries {
		if entry.GetCount() != 3 || entry.GetOutcome() != activityv1.Outcome_OUTCOME_REFUSED || entry.GetReason() != "PERMISSION_DENIED" {
			t.Fatalf("an entry is %v", entry)
		}
	}
	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	if sum, ok := all.ScopeMetrics[0].Metrics[0].Data.(metricdata.Sum[int64]); !ok || sum.DataPoints[0].Value != 15 {
		t.Errorf("the counter holds %v", all.ScopeMetrics[0].Metrics[0])
	}
	if entries, dropped := refusals.Take(); len(entries) != 0 || dropped != 0 {
		t.Errorf("taken twice: %d entries, %d dropped", len(entries), dropped)
	}
}

// One prefix that tries everything keeps no other out of the log, and does not fill it; nor do
// many prefixes together.
func TestOnePrefixMakesFewEntries(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	refusals := activity.NewRefusals("catalog", metric.NewMeterProvider(), func() time.Time { return now }, uuid.New)
	denied := fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "no")
	take := func(prefix func(int) string) (entries int) {
		for i := range 10 * activity.MaxRefusals {
			refusals.Note(t.Context(), activity.Call{RPC: fmt.Sprint("rpc ", i), AddressPrefix: prefix(i)}, denied)
			if i%activity.MaxRefusals == 0 {
				taken, _ := refusals.Take()
				entries += len(taken)
			}
		}
		taken, _ := refusals.Take()
		return entries + len(taken)
	}
	scanner := func(int) string { return "192.0.2.1" }
	if n := take(scanner); n != activity.PrefixRate().Quota {
		t.Errorf("%d entries of one prefix", n)
	}
	refusals.Note(t.Context(), activity.Call{RPC: "x", AddressPrefix: "192.0.2.2"}, denied)
	if entries, _ := refusals.Take(); len(entries) != 1 {
		t.Errorf("%d entries of another prefix", len(entries))
	}
	now = now.Add(time.Hour)
	if n := take(scanner); n != activity.PrefixRate().Quota {
		t.Errorf("%d entries an hour later", n)
	}
	now = now.Add(time.Hour)
	all := 0
	for round := range 10 {
		all += take(func(i int) string { return fmt.Sprintf("2001:db8:%x:%x::/64", round, i) })
	}
	if all != activity.TotalRate().Quota {
		t.Errorf("%d entries of ten thousand prefixes", all)
	}
}

func TestWhatIsARefusal(t *testing.T) {
	t.Parallel()
	cases := map[error]bool{
		fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated, "x"):   true,
		fault.New(fault.Unauthenticated, "CREDENTIALS_INVALID", "x"):         true,
		fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied, "x"): true,
		fault.New(fault.Exhausted, fault.ReasonRateLimited, "x"):             true,
		fault.New(fault.Unauthenticated, fault.ReasonTokenExpired, "x"):      false,
		fault.New(fault.NotFound, "PRODUCT_NOT_FOUND", "x"):                  false,
		fault.New(fault.Exhausted, fault.ReasonTooManyStreams, "x"):          false,
		errors.New("the database is away"):                                   false,
	}
	noted := func(call activity.Call, err error) bool {
		refusals := activity.NewRefusals("catalog", metric.NewMeterProvider(), time.Now, uuid.New)
		refusals.Note(t.Context(), call, err)
		entries, _ := refusals.Take()
		return len(entries) == 1
	}
	for err, want := range cases {
		if got := noted(activity.Call{RPC: "x"}, err); got != want {
			t.Errorf("%v: %v", err, got)
		}
		if got := noted(activity.Call{RPC: "x", Recorded: true}, err); got != want {
			t.Errorf("%v, of a call that is recorded: %v", err, got)
		}
	}
	for _, err := range []error{fault.New(fault.Invalid, fault.ReasonInvalidField, "x"), fault.New(fault.Aborted, fault.ReasonEtagMismatch, "x")} {
		if noted(activity.Call{RPC: "x"}, err) || !noted(activity.Call{RPC: "x", Recorded: true}, err) {
			t.Errorf("%v is not noted of calls that are recorded alone", err)
		}
	}
}

// A refused call has the resource that its use case noted, and calls about another are another
// entry.
func TestARefusalNamesItsResource(t *testing.T) {
	t.Parallel()
	refusals := activity.NewRefusals("identity", metric.NewMeterProvider(), time.Now, uuid.New)
	for _, account := range []string{"accounts/1", "accounts/2", "accounts/1"} {
		call := &activity.Call{RPC: "x", Recorded: true}
		activity.About(activity.WithCall(t.Context(), call), account)
		refusals.Note(t.Context(), *call, fault.New(fault.PermissionDenied, "ROLE_ESCALATION", "no"))
	}
	counts := make(map[string]int32)
	entries, _ := refusals.Take()
	for _, entry := range entries {
		counts[entry.GetResource()] = entry.GetCount()
	}
	if len(entries) != 2 || counts["accounts/1"] != 2 || counts["accounts/2"] != 1 {
		t.Errorf("the entries are %v", entries)
	}
	activity.About(activity.Without(t.Context()), "accounts/1") // of a call that is not recorded
}
