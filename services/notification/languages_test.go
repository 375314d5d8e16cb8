package notification_test

import (
	"strings"
	"testing"
)

// The confirmation is written in the order's language, whoever acts; what is resent is, too. A
// kind of mail without a text in it is English, and nothing is mixed.
func TestMailsAreInTheOrdersLanguage(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	german, english := guestOrder("ada.german@example.com"), guestOrder("ada.english@example.com")
	german.notice.LanguageCode = "de-AT"
	s.publish(german.confirmed(), english.confirmed())
	m, other := s.mailTo(german.email, 1)[0], s.mailTo(english.email, 1)[0]
	if m.Subject != "Bestellung "+german.number+" bestätigt" || !strings.Contains(m.HTML, `<html lang="de">`) {
		t.Errorf("the mail is %q:\n%s", m.Subject, m.HTML)
	}
	for _, text := range []string{m.Text, m.HTML} {
		for _, want := range []string{"Guten Tag", "Gesamtsumme", "Lieferadresse", "Rabatt", "Standard delivery", "Ihre Bestellung: ", "Freundliche Grüße"} {
			if !strings.Contains(text, want) {
				t.Errorf("the mail has no %q:\n%s", want, text)
			}
		}
		for _, foreign := range []string{"Hello", "Total", "Delivery address", "Discount", "See your order", "regards"} {
			if strings.Contains(text, foreign) {
				t.Errorf("the mail has %q:\n%s", foreign, text)
			}
		}
	}
	if other.Subject != "Order "+english.number+" confirmed" || strings.Contains(other.Text+other.HTML, "Guten Tag") {
		t.Errorf("the other mail is %q:\n%s", other.Subject, other.Text)
	}
	s.publish(german.cancelled(0, ""))
	for _, later := range s.mailTo(german.email, 2) {
		if later.Subject != m.Subject && (strings.Contains(later.Text, "Guten Tag") || !strings.Contains(later.Text, "Discount") || !strings.Contains(later.HTML, `<html lang="en">`)) {
			t.Errorf("the cancellation is\n%s", later.Text)
		}
	}
}
