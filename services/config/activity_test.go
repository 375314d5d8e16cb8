package config_test

import (
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	activityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/activity/v1"
	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	shopv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/shop/v1"
	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Who changes settings is in the activity log with what was set before and after; what is
// only tried, or changes nothing, is not. Attack 44: who tries to set what is out of bounds, with
// a stale etag, or without the permission, is in it, too.
func TestSettingsThatChangeAreRecorded(t *testing.T) {
	t.Parallel()
	h := newHarness(t, "anna")
	log := testkit.NewEvents(t, h.broker, kitapp.ActivityTopic("config").Name)
	tried := orderSettings(&orderv1.Settings{MaxUnpaidOrders: proto.Int32(7)})
	tried.ValidateOnly = true
	if _, err := h.UpdateSettings(t.Context(), tried); err != nil {
		t.Fatal(err)
	}
	for _, n := range []int32{7, 7, 8} {
		h.setOrder(&orderv1.Settings{MaxUnpaidOrders: proto.Int32(n)})
	}
	entries := testkit.Recorded(t, log, 2)
	const rpc = "shopmesh.config.v1.ConfigService/UpdateSettings settings/order:"
	for i, want := range []string{rpc + " max_unpaid_orders=→7", rpc + " max_unpaid_orders=7→8"} {
		if got := testkit.Described(entries[i]); got != want || entries[i].GetActor().GetId() != "anna" {
			t.Errorf("entry %d is %s by %v", i+1, got, entries[i].GetActor())
		}
	}
	if len(entries) != 2 {
		t.Errorf("%d entries", len(entries))
	}

	_, err := h.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{PaymentWindow: durationpb.New(0)}))
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "settings.order.payment_window")
	_, err = h.UpdateSettings(t.Context(), &configv1.UpdateSettingsRequest{Settings: &configv1.Settings{
		Context: "shop", Value: &configv1.Settings_Shop{Shop: &shopv1.Settings{Currency: new("XXY")}},
	}})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "SETTINGS_INVALID", "settings.shop.currency")
	_, err = h.RollbackSettings(t.Context(), &configv1.RollbackSettingsRequest{Context: "order", Etag: `"stale"`})
	testkit.Refused(t, err, connect.CodeAborted, "ETAG_MISMATCH")
	reader := h.replica(authz.Identity{Kind: authz.Staff, ID: "carl", Permissions: settingsRead()}, "")
	_, err = reader.UpdateSettings(t.Context(), orderSettings(&orderv1.Settings{MaxUnpaidOrders: proto.Int32(9)}))
	testkit.Refused(t, err, connect.CodePermissionDenied, "PERMISSION_DENIED")
	var refused []string
	for _, entry := range testkit.Recorded(t, log, 6)[2:] {
		if entry.GetOutcome() != activityv1.Outcome_OUTCOME_REFUSED {
			t.Errorf("recorded is %v", entry)
		}
		_, rpc, _ := strings.Cut(entry.GetRpc(), "/")
		refused = append(refused, strings.Join([]string{entry.GetActor().GetId(), rpc, entry.GetResource(), entry.GetReason()}, " "))
	}
	slices.Sort(refused)
	if want := []string{
		"anna RollbackSettings settings/order ETAG_MISMATCH", "anna UpdateSettings  INVALID_FIELD", // before the use case knew the settings
		"anna UpdateSettings settings/shop SETTINGS_INVALID", "carl UpdateSettings  PERMISSION_DENIED",
	}; !slices.Equal(refused, want) {
		t.Errorf("refused are\n%q, not\n%q", refused, want)
	}
}
