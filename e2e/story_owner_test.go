package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1/orderv1connect"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
)

// The owner's first minutes: the link in the data directory makes their account, they invite
// somebody by mail, and that one may do what they were invited to, and no more.
func TestAnOwnerBegins(t *testing.T) {
	t.Parallel()
	s := up(t)
	staffWith := func(shown string) identityv1connect.StaffServiceClient {
		return identityv1connect.NewStaffServiceClient(testkit.Client(t, s.api["identity"], token.Show(shown)))
	}
	accept := func(link, address string) string {
		t.Helper()
		accepted, err := staffWith("").AcceptInvite(t.Context(), &identityv1.AcceptInviteRequest{
			Token: link, Email: address, Password: shopperPassword, FirstName: "Grace",
		})
		if err != nil {
			t.Fatal(err)
		}
		return accepted.GetSession().GetAccessToken()
	}
	kept, err := os.ReadFile(filepath.Join(s.data, "owner-link"))
	if err != nil {
		t.Fatal(err)
	}
	_, link, _ := strings.Cut(strings.TrimSpace(string(kept)), "#")
	owner := accept(link, "owner@example.com")
	if _, err := staffWith(owner).InviteStaff(t.Context(), &identityv1.InviteStaffRequest{
		Email: "clerk@example.com", Permissions: []optionsv1.Permission{optionsv1.Permission_PERMISSION_ORDERS_READ},
	}); err != nil {
		t.Fatal(err)
	}
	clerk := accept(s.mailedToken("clerk@example.com"), "")
	orders := orderv1connect.NewOrderServiceClient(testkit.Client(t, s.api["order"], token.Show(clerk)))
	if _, err := orders.ListOrders(t.Context(), &orderv1.ListOrdersRequest{}); err != nil {
		t.Error(err)
	}
	_, err = staffWith(clerk).ListAccounts(t.Context(), &identityv1.ListAccountsRequest{})
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	listed, err := staffWith(owner).ListAccounts(t.Context(), &identityv1.ListAccountsRequest{Filter: "kind = STAFF"})
	if err != nil || len(listed.GetAccounts()) != 2 {
		t.Errorf("the shop's people are %v, %v", listed.GetAccounts(), err)
	}
}
