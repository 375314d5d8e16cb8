package notification_test

import (
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A guest mistyped the address, and had it corrected: one mail went to the address of
// somebody else, another one was resent. The mails of the erased order go, wherever they
// went, also those whose events come after the erasure; other orders of the address, by
// guests and by customers, are not concerned.
func TestAGuestsOrderIsErasedWhereverItsMailsWent(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	mistyped, late := guestOrder("Ada.Guest@Exmaple.com"), guestOrder("ada.guest@example.com")
	customer, other := newOrder(), guestOrder("bob@example.com")
	customer.email, customer.notice.Contact.Email = "ada.guest@exmaple.com", "ada.guest@exmaple.com"
	s.publish(mistyped.confirmed(), customer.confirmed(), other.confirmed())
	for _, o := range []order{mistyped, customer, other} {
		s.waitStatus(o, sent)
	}
	corrected := mistyped
	corrected.notice = proto.CloneOf(mistyped.notice)
	corrected.email, corrected.notice.Contact.Email = "ada.guest@example.com", "ada.guest@example.com"
	s.publish(corrected.shipped(uuid.Must(uuid.NewV7())))
	s.waitEvents(corrected, 2)
	s.publish(mistyped.erased(), late.erased(), mistyped.erased())
	left := func() (n int) {
		if err := s.pool.QueryRow(t.Context(), `select count(*) from notifications n where order_id = any ($1)
			and (recipient <> '' or recipient_key <> '' or subject <> '' or content <> '')`,
			[]uuid.UUID{mistyped.id, late.id}).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	testkit.Eventually(t, "the order's mails are blank", func() bool { return left() == 0 })
	again := guestOrder("ada.guest@example.com")
	s.publish(late.confirmed(), corrected.cancelled(orderv1.CancelReason_CANCEL_REASON_REQUESTED, "Ada"), again.confirmed())
	s.waitStatus(late, erased)
	s.waitStatus(again, sent)
	s.waitEvents(corrected, 3)
	for name, o := range map[string]order{"the customer": customer, "another guest": other, "the later order": again} {
		if got := s.list(o)[0]; got.GetRecipient() != o.email {
			t.Errorf("the mail of %s goes to %q", name, got.GetRecipient())
		}
	}
	for _, m := range s.list(mistyped) {
		if _, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId()}); err == nil {
			t.Error("an erased mail was resent")
		}
	}
	if n := left(); n != 0 {
		t.Errorf("%d mails of the guest hold something", n)
	}
}

// A mistyped address is corrected by sending the mail again, to the new one.
func TestAMailIsResentToACorrectedAddress(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, sent)
	corrected := "Corrected." + o.email
	res, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId(), Recipient: "  " + corrected + " "})
	if err != nil || res.GetNotification().GetRecipient() != corrected {
		t.Fatalf("the answer is %v, %v", res, err)
	}
	s.waitStatus(o, sent)
	if n := len(s.received(o)); n != 1 {
		t.Errorf("%d mails went to the old address, want 1", n)
	}
	o.email = corrected
	if got := s.received(o); len(got) != 1 || !strings.Contains(got[0].Text, o.number) {
		t.Errorf("the new address got %v", got)
	}
	// From now on the mail is known by the new address, in any case of letters.
	for _, recipient := range []string{corrected, " " + strings.ToUpper(corrected) + "  "} {
		found, err := s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{Filter: `recipient = "` + recipient + `"`})
		if err != nil || len(found.GetNotifications()) != 1 {
			t.Errorf("%q finds %v, %v", recipient, found, err)
		}
	}
	_, err = s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId(), Recipient: "nobody"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "recipient")
}
