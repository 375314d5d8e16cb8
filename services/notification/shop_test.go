package notification_test

import (
	"strings"
	"testing"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// A mail has the subject, the sender and the legal notices that are set for the shop, and
// keeps its text when they change.
func TestMailsAreWrittenAsTheShopIsSet(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{shop: `, "senderName": "Ada from the shop", "replyToEmail": "help@example.com",
		"mailSubjects": [{"kind": "NOTIFICATION_KIND_ORDER_CONFIRMED", "subject": "{shop}: thanks for {number}"}],
		"legalNotices": {"termsUrl": "https://shop.example/terms?a=1&b=2", "imprintUrl": "https://shop.example/imprint"}`})
	o := newOrder()
	s.publish(o.confirmed())
	s.waitEvents(o, 1)
	m := s.received(o)[0]
	if want := "Ada's Lamps: thanks for " + o.number; m.Subject != want {
		t.Errorf("the subject is %q, want %q", m.Subject, want)
	}
	for name, want := range map[string]string{"From": `"Ada from the shop" <lamps@example.com>`, "Reply-To": `"Ada from the shop" <help@example.com>`} {
		if got := m.Headers[name]; len(got) != 1 || got[0] != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if want := "Imprint: https://shop.example/imprint\nTerms and conditions: https://shop.example/terms?a=1&b=2"; !strings.HasSuffix(unix(m.Text), want) {
		t.Errorf("the text ends otherwise:\n%s", m.Text)
	}
	if want := `href="https://shop.example/terms?a=1&amp;b=2"`; !strings.Contains(m.HTML, want) || !strings.Contains(m.HTML, "thanks for "+o.number) {
		t.Errorf("the HTML lacks %q or the subject:\n%s", want, m.HTML)
	}
	shown := s.get(s.waitStatus(o, sent).GetId())
	if unix(shown.GetText()) != unix(m.Text) || unix(shown.GetHtml()) != unix(m.HTML) || shown.GetSubject() != m.Subject {
		t.Errorf("GetNotification shows another mail:\n%s", shown.GetText())
	}
	preview, err := s.mails.PreviewTemplate(t.Context(), &notificationv1.PreviewTemplateRequest{Kind: confirmed})
	if err != nil || preview.GetSubject() != "Ada's Lamps: thanks for 7K3M-Q2XD" || !strings.Contains(preview.GetText(), "https://shop.example/imprint") {
		t.Errorf("the preview is %v, %v", preview, err)
	}

	s.again(options{})
	if kept := s.get(shown.GetId()); kept.GetText() != shown.GetText() || kept.GetHtml() != shown.GetHtml() {
		t.Errorf("with other settings the mail became\n%s", kept.GetText())
	}
	other := newOrder()
	s.publish(other.confirmed())
	s.waitEvents(other, 1)
	if m := s.received(other)[0]; m.Subject != "Order "+other.number+" confirmed" || strings.Contains(m.Text, "Imprint") {
		t.Errorf("a mail after the change:\n%s\n%s", m.Subject, m.Text)
	}
}

// A mail waits while the shop's own address is none that a mail server knows, and goes once
// it is mended.
func TestAMailWaitsForAGoodSender(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{sender: "lamps@10.0.0.1"})
	o := newOrder()
	s.publish(o.confirmed())
	testkit.Eventually(t, "it was tried", func() bool {
		found := s.list(o)
		return len(found) == 1 && len(found[0].GetAttempts()) >= 2
	})
	if m := s.list(o)[0]; m.GetStatus() != pending || m.GetNextAttemptTime() == nil {
		t.Errorf("the mail is %v", m)
	}
	s.again(options{})
	s.waitStatus(o, sent)
}
