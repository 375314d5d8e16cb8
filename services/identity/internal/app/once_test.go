package app_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/page"
	"github.com/shopmesh/shopmesh/services/identity/internal/app"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// An invitation whose answer was lost is requested again, and mailed once.
func TestAnInvitationThatIsRequestedAgainIsMailedOnce(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	request := &identityv1.InviteStaffRequest{Email: "clerk@example.com", RequestId: uuid.NewString()}
	invite := func(req *identityv1.InviteStaffRequest) error {
		return h.InviteStaff(operator(t.Context()), uuid.MustParse(req.GetRequestId()), req, app.Invitation{Email: email(t, req.GetEmail()), Owner: req.GetOwner()})
	}
	again := func(when string) {
		t.Helper()
		if err := invite(request); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if n := len(h.mails()); n != 1 {
			t.Errorf("%s: %d mails, want 1", when, n)
		}
	}
	again("the first time")
	again("sent again")
	if _, err := h.AcceptInvite(t.Context(), h.link("clerk@example.com"), domain.Email{}, staffPassword, domain.Person{FirstName: "Grace"}, from("office")); err != nil {
		t.Fatal(err)
	}
	again("sent again once it was accepted")
	other := proto.CloneOf(request)
	other.Owner = true
	wants(t, "another invitation under its id", invite(other), fault.ReasonRequestIDReused)
}

// A key whose answer was lost is requested again: it is the same key with another secret, because
// the first one is kept nowhere. Once somebody has its secret, it stays as it is.
func TestAKeyThatIsRequestedAgainHasAnotherSecret(t *testing.T) {
	t.Parallel()
	h := newHarness(t)
	owner := h.member(h.hire(operator(t.Context()), "owner@example.com", true), true)
	clerk := h.member(h.hire(owner, "clerk@example.com", false, domain.StockRead), false, domain.StockRead)
	expire := h.clock().Add(time.Hour)
	create := func(as context.Context, req *identityv1.CreateApiKeyRequest) (domain.APIKeySnapshot, string, error) {
		return h.CreateAPIKey(as, uuid.MustParse(req.GetRequestId()), req, req.GetDisplayName(), []domain.Permission{domain.StockRead}, expire)
	}
	made := func(as context.Context, req *identityv1.CreateApiKeyRequest) (domain.APIKeySnapshot, string) {
		t.Helper()
		key, secret, err := create(as, req)
		if err != nil {
			t.Fatal(err)
		}
		return key, secret
	}
	request := &identityv1.CreateApiKeyRequest{DisplayName: "import", RequestId: uuid.NewString()}
	first, lost := made(clerk, request)
	second, secret := made(clerk, request)
	if second.ID != first.ID || secret == lost {
		t.Errorf("it was made as %s, and requested again as %s, with the same secret: %v", first.ID, second.ID, secret == lost)
	}
	_, err := h.ExchangeAPIKey(t.Context(), lost)
	wants(t, "the secret that was lost", err, fault.ReasonUnauthenticated)
	if _, err := h.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Fatal(err)
	}
	_, _, err = create(clerk, request)
	wants(t, "a key that was used", err, fault.ReasonRequestIDReused)
	if _, err := h.ExchangeAPIKey(t.Context(), secret); err != nil {
		t.Errorf("a request that was refused ended the key: %v", err)
	}
	other := proto.CloneOf(request)
	other.DisplayName = "export"
	_, _, err = create(clerk, other)
	wants(t, "another key under its id", err, fault.ReasonRequestIDReused)

	revoked := &identityv1.CreateApiKeyRequest{DisplayName: "till", RequestId: uuid.NewString()}
	key, _ := made(clerk, revoked)
	if _, err := h.RevokeAPIKey(clerk, key.ID); err != nil {
		t.Fatal(err)
	}
	_, _, err = create(clerk, revoked)
	wants(t, "a key that was revoked", err, fault.ReasonRequestIDReused)

	if own, _ := made(owner, request); own.ID == first.ID {
		t.Error("the request of somebody else is answered with the clerk's key")
	}
	if keys, err := h.ListAPIKeys(t.Context(), page.Request{}); err != nil || len(keys.Items) != 3 {
		t.Errorf("there are %d keys, want 3; %v", len(keys.Items), err)
	}
}
