package notification_test

import (
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A guest is known by the address, in any case of letters. The mails of all orders
// from before the erasure go, also of those whose events come after it; customers who
// have the address, and what is ordered with it later, are not concerned.
func TestAGuestIsErasedByAddress(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	first, late := guestOrder("Ada.Guest@Example.com"), guestOrder("ada.guest@example.com")
	customer, other := newOrder(), guestOrder("bob@example.com")
	customer.email, customer.notice.Contact.Email = "ada.guest@example.com", "ada.guest@example.com"
	s.publish(first.confirmed(), customer.confirmed(), other.confirmed())
	for _, o := range []order{first, customer, other} {
		s.waitStatus(o, sent)
	}
	nextMillisecond(t)
	s.publish(guestErased("ada.guest@example.com", 1), guestErased("ada.guest@example.com", 2))
	testkit.Eventually(t, soon, "the guest's mail is blank", func() bool { return s.list(first)[0].GetRecipient() == "" })
	nextMillisecond(t)
	again := guestOrder("ada.guest@example.com")
	s.publish(late.confirmed(), first.shipped(uuid.Must(uuid.NewV7())), again.confirmed())
	s.waitStatus(late, erased)
	s.waitStatus(again, sent)
	s.waitEvents(first, 2)
	for name, o := range map[string]order{"the customer": customer, "another guest": other, "the later order": again} {
		if got := s.list(o)[0]; got.GetRecipient() != o.email {
			t.Errorf("the mail of %s goes to %q", name, got.GetRecipient())
		}
	}
	if _, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: s.list(first)[0].GetId()}); err == nil {
		t.Error("an erased mail was resent")
	}
	var left int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from notifications
		where customer_id is null and order_id = any ($1) and (recipient <> '' or recipient_key <> '' or subject <> '' or content <> '')`,
		[]uuid.UUID{first.id, late.id}).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d mails of the guest hold something, %v", left, err)
	}
}

// nextMillisecond waits until ids of orders differ in time from those made before.
func nextMillisecond(t *testing.T) {
	t.Helper()
	began := time.Now().UnixMilli()
	testkit.Eventually(t, soon, "the clock moved on", func() bool { return time.Now().UnixMilli() > began+1 })
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
