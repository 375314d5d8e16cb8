package notification_test

import (
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/timestamppb"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	orderv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/order/v1"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
)

// Every mail about an order is in the language that the order was placed in, whoever acts:
// staff that refunds, ships, corrects or cancels it has another (woocommerce#35875). What is
// resent is in it, too.
func TestMailsAreInTheOrdersLanguage(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for _, row := range []struct {
		code, html string
		// subjects are those of the mails in the order in which they are requested; {} is the
		// order's number.
		subjects []string
		texts    []string
	}{
		{"", `<html lang="en" dir="ltr">`, []string{"Order {} confirmed", "Order {}: refund of €1.00", "Order {} was changed", "The link to your order {}", "Order {} is on its way", "Order {} cancelled"}, []string{"Hello Ada O'Neil,", "Kind regards", "Standard delivery"}},
		{"de-AT", `<html lang="de" dir="ltr">`, []string{"Bestellung {} bestätigt", "Bestellung {}: Erstattung von 1,00 €", "Bestellung {} wurde geändert", "Der Link zu Ihrer Bestellung {}", "Bestellung {} ist unterwegs", "Bestellung {} storniert"}, []string{"Guten Tag Ada O'Neil,", "Freundliche Grüße", "Standard delivery", "Deutschland"}},
		{"ar", `<html lang="ar" dir="rtl">`, []string{"تأكيد طلبك \u2068{}\u2069", "الطلب \u2068{}\u2069: استرداد \u2068\u200f1.00 €\u2069", "تغيير في طلبك \u2068{}\u2069", "رابط طلبك \u2068{}\u2069", "طلبك \u2068{}\u2069 في الطريق", "إلغاء طلبك \u2068{}\u2069"}, []string{"مرحباً \u2068Ada O'Neil\u2069،", "مع أطيب التحيات", "Standard delivery", "ألمانيا"}},
	} {
		o := guestOrder("ada." + strings.ToLower(row.code+"@example.com"))
		o.notice.LanguageCode = row.code
		s.publish(
			o.confirmed(), o.refunded(uuid.Must(uuid.NewV7()), eur(1_00), eur(1_00)), o.updated(uuid.NewString(), 6, "contact.email", "shipping_address", "shipment.carrier"),
			o.linkRequested(uuid.NewString()), o.shipped(uuid.Must(uuid.NewV7())),
			o.cancelled(orderv1.CancelReason_CANCEL_REASON_REQUESTED, ""),
		)
		arrived := make(map[string]inbox.Mail)
		for _, m := range s.mailTo(o.email, len(row.subjects)) {
			arrived[m.Subject] = m
		}
		var all strings.Builder
		for _, subject := range row.subjects {
			m, ok := arrived[strings.ReplaceAll(subject, "{}", o.number)]
			if !ok {
				t.Errorf("%q: no mail is %q, of %v", row.code, subject, arrived)
				continue
			}
			if !strings.Contains(m.HTML, row.html) {
				t.Errorf("%q: %q has no %s", row.code, subject, row.html)
			}
			all.WriteString(m.Text)
			isArabic := strings.ContainsFunc(strings.ReplaceAll(m.Text, "مصباح", ""), func(r rune) bool { return unicode.Is(unicode.Arabic, r) })
			german, english := strings.Contains(m.Text, "Guten Tag"), strings.Contains(m.Text, "Kind regards")
			if isArabic != (row.code == "ar") || german != (row.code == "de-AT") || english != (row.code == "") {
				t.Errorf("%q: %q is\n%s", row.code, subject, m.Text)
			}
		}
		for _, want := range row.texts {
			if !strings.Contains(all.String(), want) {
				t.Errorf("%q: no mail has %q:\n%s", row.code, want, all.String())
			}
		}
		s.waitEvents(o, len(row.subjects))
		for _, stored := range s.list(o) {
			if stored.GetKind() == notificationv1.NotificationKind_NOTIFICATION_KIND_ORDER_SHIPPED {
				s.resend(stored)
			}
		}
		resent := 0
		for _, m := range s.mailTo(o.email, len(row.subjects)+1) {
			if m.Subject == strings.ReplaceAll(row.subjects[4], "{}", o.number) && strings.Contains(m.HTML, row.html) {
				resent++
			}
		}
		if resent != 2 {
			t.Errorf("%q: the mail that was resent is in another language", row.code)
		}
	}
}

// A mail about an account is in the language that its event has: a link's, and a notice's.
func TestMailsAboutAccountsAreInTheLanguageOfTheirEvent(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for _, row := range []struct{ code, html, link, notice, until string }{
		{"", `<html lang="en" dir="ltr">`, "Set a new password", "Your password was changed", " January 2031, 08:30 UTC"},
		{"de", `<html lang="de" dir="ltr">`, "Wählen Sie ein neues Passwort", "Ihr Passwort wurde geändert", ". Januar 2031, 08:30 Uhr (UTC)"},
		{"ar-EG", `<html lang="ar" dir="rtl">`, "عيّن كلمة مرور جديدة", "غُيّرت كلمة مرورك", " يناير 2031، الساعة 08:30"},
	} {
		address := strings.ToLower("grace." + row.code + "@example.com")
		requested, noticed := uuid.Must(uuid.NewV7()), uuid.Must(uuid.NewV7())
		at := timestamppb.New(time.Date(2031, time.January, 5, 8, 30, 0, 0, time.UTC))
		s.publish(accountMail(requested, &identityv1.MailLinkRequested{
			LinkId: requested.String(), Kind: identityv1.MailKind_MAIL_KIND_RESET_PASSWORD, Email: address, ExpireTime: at, LanguageCode: row.code,
		}), accountMail(noticed, &identityv1.AccountNoticed{
			NoticeId: noticed.String(), Kind: identityv1.NoticeKind_NOTICE_KIND_PASSWORD_CHANGED, Email: address, Time: at, LanguageCode: row.code,
		}))
		subjects := make(map[string]bool)
		for _, m := range s.mailTo(address, 2) {
			subjects[m.Subject] = true
			if !strings.Contains(m.HTML, row.html) || !strings.Contains(m.Text, "5"+row.until) {
				t.Errorf("%q: %q is\n%s", row.code, m.Subject, m.Text)
			}
		}
		if !subjects[row.link] || !subjects[row.notice] {
			t.Errorf("%q: the mails are %v", row.code, subjects)
		}
	}
}
