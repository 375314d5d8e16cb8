package app_test

import (
	"context"
	"net/http"
	"testing"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Who was refused is published before the process ends, however soon that is: by an RPC, and
// by what is none.
func TestRefusalsArePublishedAtAStop(t *testing.T) {
	t.Parallel()
	cfg := contextOf(t)
	parcels := make(chan *parcel, 2)
	clerk := testkit.Staff(optionsv1.Permission_PERMISSION_ORDERS_READ)
	clerks := authz.AuthenticatorFunc(func(context.Context, authz.Header) (authz.Identity, error) { return clerk, nil })
	process := serve(t, app.Process{Name: "parcel", Authenticator: clerks}, module(cfg, parcels))
	operators := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, process.Internal)))
	for range 3 {
		_, err := operators.GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
		testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, process.Internal+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	if _ = res.Body.Close(); res.StatusCode != http.StatusForbidden {
		t.Errorf("/metrics is %d", res.StatusCode)
	}
	if err := process.stop(); err != nil {
		t.Fatal(err)
	}
	serve(t, app.Process{Name: "parcel", Authenticator: clerks}, module(cfg, parcels)) // its relay publishes what is left
	entries := testkit.Recorded(t, testkit.NewEvents(t, cfg.Kafka, app.ActivityTopic("parcel").Name), 2)
	for i, want := range []struct {
		rpc   string
		count int32
	}{{"shopmesh.operations.v1.OperationsService/GetStatus", 3}, {"internal/metrics", 1}} {
		entry := entries[i]
		if entry.GetRpc() != want.rpc || entry.GetOutcome() != activityv1.Outcome_OUTCOME_REFUSED || entry.GetReason() != "PERMISSION_DENIED" ||
			entry.GetCount() != want.count || entry.GetAddressPrefix() != "127.0.0.1" ||
			entry.GetActor().GetKind() != activityv1.ActorKind_ACTOR_KIND_STAFF || entry.GetActor().GetId() != clerk.ID {
			t.Errorf("the entry is %v", entry)
		}
	}
}
