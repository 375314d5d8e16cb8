package smtp

import (
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

// What is taken at the API is mailed: docomo's old addresses with a quoted local
// part, internationalized domains as A-labels, other local parts with SMTPUTF8.
func TestAddressesAreWrittenAsMailServersKnowThem(t *testing.T) {
	t.Parallel()
	for recipient, c := range map[string]struct {
		envelope, header string
		utf8             bool
	}{
		"ada@example.com":     {"ada@example.com", "<ada@example.com>", false},
		"user.@docomo.ne.jp":  {`"user."@docomo.ne.jp`, `<"user."@docomo.ne.jp>`, false},
		"a..b@docomo.ne.jp":   {`"a..b"@docomo.ne.jp`, `<"a..b"@docomo.ne.jp>`, false},
		".a@docomo.ne.jp":     {`".a"@docomo.ne.jp`, `<".a"@docomo.ne.jp>`, false},
		"info@bücher.example": {"info@xn--bcher-kva.example", "<info@xn--bcher-kva.example>", false},
		//nolint:gocritic // the blank in front is what is tried
		" o'neil+shop@Example.com": {"o'neil+shop@Example.com", "<o'neil+shop@Example.com>", false},
		"jörg@bücher.example":      {"jörg@xn--bcher-kva.example", "<jörg@xn--bcher-kva.example>", true},
	} {
		t.Run(recipient, func(t *testing.T) {
			t.Parallel()
			var from, to string
			server := smtptest.New(t, smtptest.Options{
				Offers: []string{"8BITMIME", "SMTPUTF8"},
				Reply: func(verb, argument string) string {
					switch verb {
					case "MAIL":
						from = argument
					case "RCPT":
						to = argument
					}
					return ""
				},
			})
			m := newMail("x")
			m.Recipient, m.RecipientName = recipient, "Ada"
			if a := send(t, poolFor(t, smtptest.URL(server.Addr()), 1), m); !a.Accepted {
				t.Fatalf("answered %+v", a)
			}
			if to != "TO:<"+c.envelope+">" || strings.Contains(from, "SMTPUTF8") != c.utf8 {
				t.Errorf("the envelope is %q and %q, want %q", from, to, c.envelope)
			}
			if mail := server.Mails()[0].Raw; !strings.Contains(mail, c.header) {
				t.Errorf("the header lacks %s:\n%s", c.header, mail)
			}
		})
	}
}

func TestAnAddressThatNeedsSMTPUTF8IsRefusedWithoutIt(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{Offers: []string{"8BITMIME"}})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	m := newMail("x")
	m.Recipient = "jörg@example.com"
	if a := send(t, p, m); a.Accepted || !a.Permanent || !strings.Contains(a.Text, "SMTPUTF8") {
		t.Errorf("answered %+v", a)
	}
	if a := send(t, p, newMail("y")); !a.Accepted {
		t.Errorf("the next mail was answered %+v", a)
	}
	if p.Condition(0) != nil {
		t.Error("one mail's address is no condition of the server")
	}
}

func TestWhatIsNoAddressIsRefusedForGood(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	for _, recipient := range []string{"nobody", "a@", "a@127.0.0.1", "a b@example.com", "a@example.com\r\nRCPT TO:<b@example.com>", "Ada <a@example.com>"} {
		m := newMail("x")
		m.Recipient = recipient
		if a := send(t, p, m); a.Accepted || !a.Permanent {
			t.Errorf("%q was answered %+v", recipient, a)
		}
	}
	if n := len(server.Mails()); n != 0 {
		t.Errorf("%d mails arrived", n)
	}
}

// The sender's address is the shop's fault and no mail's: mails wait until it is mended.
func TestABadSenderRefusesNoMail(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{Offers: []string{"8BITMIME"}})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	for name, change := range map[string]func(*Mail){
		"an IP address":       func(m *Mail) { m.Sender = "shop@10.0.0.1" },
		"no SMTPUTF8":         func(m *Mail) { m.Sender = "jörg@example.com" },
		"an answer's address": func(m *Mail) { m.ReplyTo = strings.Repeat("a", 65) + "@example.com" },
	} {
		m := newMail("x")
		change(&m)
		if a := send(t, p, m); a.Accepted || a.Permanent || a.Text == "" {
			t.Errorf("%s was answered %+v", name, a)
		}
		if p.Condition(0) == nil {
			t.Errorf("%s is no condition", name)
		}
		if a := send(t, p, newMail("y")); !a.Accepted || p.Condition(0) != nil {
			t.Errorf("%s: the next mail was answered %+v, with the condition %v", name, a, p.Condition(0))
		}
	}
}
