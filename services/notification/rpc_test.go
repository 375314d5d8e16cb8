package notification_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	optionsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/options/v1"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func TestListNotificationsFiltersAndPages(t *testing.T) {
	t.Parallel()
	server, with := scripted(t, func(verb, argument string) string {
		if verb == "RCPT" && strings.Contains(argument, "refused") {
			return "550 5.1.1 unknown"
		}
		return ""
	})
	_ = server
	s := newHarness(t, with)
	var orders []order
	for i := range 5 {
		o := newOrder()
		if i == 2 {
			o.email = "refused@example.com"
			o.notice.Contact.Email = o.email
		}
		orders = append(orders, o)
		s.publish(o.confirmed())
		s.waitEvents(o, 1)
	}
	s.publish(orders[0].shipped(uuid.Must(uuid.NewV7())))
	s.waitEvents(orders[0], 2)

	var seen []string
	token := ""
	for pages := 1; ; pages++ {
		res, err := s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{PageSize: 4, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range res.GetNotifications() {
			seen = append(seen, m.GetOrderId())
			if m.GetText() != "" || m.GetHtml() != "" || len(m.GetAttempts()) != 1 {
				t.Errorf("listed %v", m)
			}
		}
		if token = res.GetNextPageToken(); token == "" {
			if pages != 2 {
				t.Errorf("%d pages, want 2", pages)
			}
			break
		}
	}
	want := []string{
		orders[0].id.String(), orders[4].id.String(), orders[3].id.String(), orders[2].id.String(), orders[1].id.String(), orders[0].id.String(),
	}
	if !slices.Equal(seen, want) {
		t.Errorf("the list is %v, want the newest first: %v", seen, want)
	}

	for filter, count := range map[string]int{
		`status = FAILED`: 1, `status = SENT`: 5, `kind = ORDER_SHIPPED`: 1, `kind != ORDER_SHIPPED AND status = SENT`: 4,
		fmt.Sprintf(`order_id = %q`, orders[0].id): 2, `recipient = "refused@example.com"`: 1, `recipient = "nobody"`: 0,
		`"REFUSED@" AND status = FAILED`: 1, `"refused@" AND status = SENT`: 0, `"efused"`: 0,
	} {
		res, err := s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{Filter: filter, IncludeTotalSize: true})
		if err != nil || len(res.GetNotifications()) != count || int(res.GetTotalSize()) != count {
			t.Errorf("%s: %d mails of %d (%v), want %d", filter, len(res.GetNotifications()), res.GetTotalSize(), err, count)
		}
	}
	for _, filter := range []string{`state = SENT`, `status = GONE`, `order_id = "x"`, `age = "x"`, `recipient < "a"`, `recipient = "x" OR kind = ORDER_SHIPPED`} {
		_, err := s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{Filter: filter})
		testkit.Refused(t, err, connect.CodeInvalidArgument, "FILTER_INVALID", "filter")
	}
	_, err := s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{PageToken: "x"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "PAGE_TOKEN_INVALID", "page_token")
	_, err = s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{PageSize: 1001})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "page_size")
}

func TestGetNotificationNamesWhatIsMissing(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	_, err := s.mails.GetNotification(t.Context(), &notificationv1.GetNotificationRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "NOTIFICATION_NOT_FOUND")
	_, err = s.mails.GetNotification(t.Context(), &notificationv1.GetNotificationRequest{Id: "x"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "id")
	_, err = s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: uuid.NewString()})
	testkit.Refused(t, err, connect.CodeNotFound, "NOTIFICATION_NOT_FOUND")
	_, err = s.mails.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "kind")
}

func TestResendingArrivesOnceMoreUnderAnotherMessageID(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, sent)
	for n := 2; n <= 3; n++ {
		res, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId()})
		if err != nil {
			t.Fatal(err)
		}
		if res.GetNotification().GetStatus() != pending || len(res.GetNotification().GetAttempts()) != n-1 {
			t.Errorf("the answer is %v", res)
		}
		s.waitEvents(o, n)
		s.waitStatus(o, sent)
	}
	seen := map[string]bool{}
	for _, got := range s.received(o) {
		seen[got.Headers["Message-Id"][0]] = true
	}
	for _, want := range []string{"<" + m.GetId() + "@example.com>", "<" + m.GetId() + ".1@example.com>", "<" + m.GetId() + ".2@example.com>"} {
		if !seen[want] {
			t.Errorf("the Message-IDs are %v, %s is missing", seen, want)
		}
	}
	if got := s.get(m.GetId()); len(got.GetAttempts()) != 3 {
		t.Errorf("the attempts are %v", got.GetAttempts())
	}
}

// A request that is repeated after its answer was lost sends one mail; what is kept of
// it holds no address.
func TestARepeatedRequestResendsOnce(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, sent)
	req := &notificationv1.ResendNotificationRequest{Id: m.GetId(), Recipient: o.email, RequestId: uuid.NewString()}
	for n := range 3 {
		res, err := s.mails.ResendNotification(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if got := res.GetNotification(); got.GetId() != m.GetId() || got.GetRecipient() != o.email || n > 0 && len(got.GetAttempts()) != 2 {
			t.Errorf("the answer to repetition %d is %v", n, got)
		}
		s.waitEvents(o, 2)
	}
	other := &notificationv1.ResendNotificationRequest{Id: m.GetId(), RequestId: req.GetRequestId()}
	_, err := s.mails.ResendNotification(t.Context(), other)
	testkit.Refused(t, err, connect.CodeAlreadyExists, "REQUEST_ID_REUSED")
	other.RequestId = uuid.Nil.String()
	_, err = s.mails.ResendNotification(t.Context(), other)
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "request_id")

	if n := len(s.received(o)); n != 2 {
		t.Errorf("%d mails arrived, want 2", n)
	}
	var kept int
	err = s.pool.QueryRow(t.Context(), "select count(*) from idempotency where position(convert_to($1, 'UTF8') in request || response) > 0", o.email).Scan(&kept)
	if err != nil || kept != 0 {
		t.Errorf("%d stored requests hold an address (%v)", kept, err)
	}
}

func TestAMailThatFailedCanBeSentAfterAll(t *testing.T) {
	t.Parallel()
	_, with := scripted(t, smtptestOnce("RCPT", "550 5.1.1 unknown"))
	s := newHarness(t, with)
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, failed)
	if _, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId()}); err != nil {
		t.Fatal(err)
	}
	s.waitStatus(o, sent)
	events := s.waitEvents(o, 2)
	if _, ok := events[1].message.(*notificationv1.NotificationSent); !ok || events[1].message.GetVersion() != 4 {
		t.Errorf("it published %v", events[1].message)
	}
}

func TestResendingIsRefusedWhileSendingAndOnceErased(t *testing.T) {
	t.Parallel()
	_, with := scripted(t, func(verb, _ string) string {
		if verb == "RCPT" {
			return "451 4.7.1 later"
		}
		return ""
	})
	s := newHarness(t, with)
	o := newOrder()
	s.publish(o.confirmed())
	m := s.waitStatus(o, pending)
	_, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "NOTIFICATION_STATE")
	s.publish(o.customerErased())
	s.waitStatus(o, erased)
	_, err = s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: m.GetId()})
	testkit.Refused(t, err, connect.CodeFailedPrecondition, "NOTIFICATION_STATE")
}

func TestPreviewTemplateShowsEveryKind(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for kind, want := range map[notificationv1.NotificationKind]string{
		confirmed: "Order 7K3M-Q2XD confirmed", cancelled: "Order 7K3M-Q2XD cancelled",
		refunded: "Order 7K3M-Q2XD: refund of €12.75", shipped: "Order 7K3M-Q2XD is on its way",
		updated: "Order 7K3M-Q2XD was changed",
	} {
		res, err := s.mails.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{Kind: kind})
		if err != nil {
			t.Fatal(err)
		}
		if res.GetSubject() != want || !strings.Contains(res.GetText(), "Ada's Lamps") || !strings.Contains(res.GetHtml(), "</html>") {
			t.Errorf("%s: %q", kind, res.GetSubject())
		}
	}
}

// A preview is in the language that is asked for, what people typed in it included; in English
// where there are no texts in it.
func TestAPreviewIsInALanguage(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for code, want := range map[string][]string{
		"":      {"Order 7K3M-Q2XD: refund of €12.75", `<html lang="en" dir="ltr">`, "Hello Ada Example,", "The bulbs arrived broken"},
		"fr":    {"Order 7K3M-Q2XD: refund of €12.75", `<html lang="en" dir="ltr">`, "Hello Ada Example,", "The bulbs arrived broken"},
		"de-AT": {"Bestellung 7K3M-Q2XD: Erstattung von 12,75 €", `<html lang="de" dir="ltr">`, "Guten Tag Ada Beispiel,", "Die Glühbirnen kamen zerbrochen an"},
		"ar":    {"الطلب \u20687K3M-Q2XD\u2069: استرداد", `<html lang="ar" dir="rtl">`, "مرحباً \u2068ليلى مثال\u2069،", "وصلت المصابيح مكسورة"},
	} {
		res, err := s.mails.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{Kind: refunded, LanguageCode: code})
		if err != nil {
			t.Fatal(err)
		}
		all := res.GetSubject() + res.GetHtml() + res.GetText()
		for _, part := range want {
			if !strings.Contains(all, part) {
				t.Errorf("%q: no %q in %s\n%s", code, part, res.GetSubject(), res.GetText())
			}
		}
	}
	_, err := s.mails.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{Kind: refunded, LanguageCode: "no language"})
	testkit.Refused(t, err, connect.CodeInvalidArgument, "INVALID_FIELD", "language_code")
}

func TestOnlyThoseWhoMayReadAndWriteMails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		caller        authz.Identity
		reads, writes bool
	}{
		"a customer": {authz.Identity{Kind: authz.Customer, ID: uuid.NewString()}, false, false},
		"staff that reads": {authz.Identity{Kind: authz.Staff, ID: "1", Permissions: []optionsv1.Permission{
			optionsv1.Permission_PERMISSION_NOTIFICATIONS_READ,
		}}, true, false},
		"staff that writes": {authz.Identity{Kind: authz.Staff, ID: "1", Permissions: []optionsv1.Permission{
			optionsv1.Permission_PERMISSION_NOTIFICATIONS_WRITE,
		}}, false, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newHarness(t, options{caller: &c.caller})
			_, list := s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{})
			_, get := s.mails.GetNotification(t.Context(), &notificationv1.GetNotificationRequest{Id: uuid.NewString()})
			_, preview := s.mails.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{Kind: confirmed})
			_, resend := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: uuid.NewString()})
			for rpc, got := range map[string]struct {
				err error
				may bool
			}{"List": {list, c.reads}, "Get": {get, c.reads}, "Preview": {preview, c.reads}, "Resend": {resend, c.writes}} {
				if denied := connect.CodeOf(got.err) == connect.CodePermissionDenied; denied == got.may {
					t.Errorf("%s: %v, allowed: %v", rpc, got.err, got.may)
				}
			}
		})
	}
}

func TestRESTServesTheSame(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for path, want := range map[string]int{
		"/v1/notifications": 200, "/v1/notifications:preview?kind=NOTIFICATION_KIND_ORDER_CONFIRMED": 200,
		"/v1/notifications/" + uuid.NewString(): 404,
	} {
		res, err := testkit.HTTP(t, testkit.Owner()).Get(s.API + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, res.StatusCode, want)
		}
	}
}
