package smtp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/mail"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

func poolFor(t *testing.T, url string, size int) *Pool {
	t.Helper()
	server, err := ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	p := NewPool(server, size, testkit.Log(t))
	t.Cleanup(p.Close)
	return p
}

func newMail(id string) Mail {
	return Mail{
		SenderName: "Shop", Sender: "shop@example.com", RecipientName: "Ada", Recipient: "ada@example.com",
		Subject: "Hello", Text: "text\n", HTML: "<p>html</p>", MessageID: id + "@example.com", Time: time.Unix(1_800_000_000, 0),
	}
}

func send(t *testing.T, p *Pool, m Mail) Answer {
	t.Helper()
	answer, err := p.Send(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{})
	p := poolFor(t, smtptest.URL(server.Addr()), 3)
	var sending sync.WaitGroup
	for range 60 {
		sending.Go(func() {
			if a, err := p.Send(t.Context(), newMail("x")); err != nil || !a.Accepted {
				t.Errorf("not accepted: %+v %v", a, err)
			}
		})
	}
	sending.Wait()
	if n := server.Connections(); n > 3 {
		t.Errorf("60 mails took %d connections, 3 are allowed", n)
	}
	if n := len(server.Mails()); n != 60 {
		t.Errorf("%d mails arrived, 60 were sent", n)
	}
}

func TestAnswersDistinguishPermanentRefusalsFromOthers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verb, reply string
		want        Answer
		condition   bool
	}{
		"taken":                        {"", "", Answer{Accepted: true, Text: "250 2.0.0 taken"}, false},
		"an unknown recipient":         {"RCPT", "550 5.1.1 unknown", Answer{Permanent: true, Text: "550 5.1.1 unknown"}, false},
		"a greylisted recipient":       {"RCPT", "451 4.7.1 later", Answer{Text: "451 4.7.1 later"}, false},
		"a refused sender":             {"MAIL", "550 5.7.1 not you", Answer{Text: "550 5.7.1 not you"}, true},
		"signing in is wanted":         {"RCPT", "530 5.7.0 sign in", Answer{Text: "530 5.7.0 sign in"}, true},
		"a refused text":               {".", "554 5.7.1 spam", Answer{Permanent: true, Text: "554 5.7.1 spam"}, false},
		"no room for the text":         {".", "452 4.3.1 full", Answer{Text: "452 4.3.1 full"}, false},
		"cut before the answer":        {".", smtptest.Cut, Answer{Text: "the mail server closed the connection"}, false},
		"cut at the recipient":         {"RCPT", smtptest.Cut, Answer{Text: "the mail server closed the connection"}, false},
		"DATA refused for now":         {"DATA", "421 4.3.2 closing", Answer{Text: "421 4.3.2 closing"}, false},
		"a greeting that is no server": {"EHLO", "550 go away", Answer{}, true},
	} {
		inTurns(t, name, func(t *testing.T, offers []string) {
			server := smtptest.New(t, smtptest.Options{Offers: offers, Reply: func(verb, _ string) string {
				if verb == c.verb || c.verb == "EHLO" && verb == "HELO" {
					return c.reply
				}
				return ""
			}})
			p := poolFor(t, smtptest.URL(server.Addr()), 1)
			got := send(t, p, newMail("x"))
			if c.verb == "EHLO" {
				if got.Accepted || got.Permanent || !strings.HasPrefix(got.Text, "no connection: ") {
					t.Errorf("got %+v", got)
				}
			} else if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
			if condition := p.Condition(0); (condition != nil) != c.condition {
				t.Errorf("condition is %v", condition)
			}
		})
	}
}

// inTurns runs a test with a server that wants one command at a time, and with one
// that takes many.
func inTurns(t *testing.T, name string, test func(t *testing.T, offers []string)) {
	t.Helper()
	for turns, offers := range map[string][]string{"in turns": nil, "at once": {"PIPELINING", "8BITMIME", "SMTPUTF8"}} {
		t.Run(name+" "+turns, func(t *testing.T) {
			t.Parallel()
			test(t, offers)
		})
	}
}

func TestARefusalLeavesTheConnectionUsable(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"MAIL", "RCPT", "DATA", "."} {
		inTurns(t, verb, func(t *testing.T, offers []string) {
			server := smtptest.New(t, smtptest.Options{Offers: offers, Reply: smtptest.Times(1, verb, "550 unknown")})
			p := poolFor(t, smtptest.URL(server.Addr()), 1)
			if a := send(t, p, newMail("a")); a.Accepted || a.Text != "550 unknown" {
				t.Fatalf("got %+v", a)
			}
			if a := send(t, p, newMail("b")); !a.Accepted {
				t.Fatalf("got %+v", a)
			}
			if n := server.Connections(); n != 1 {
				t.Errorf("%d connections, 1 would do", n)
			}
		})
	}
}

// What a server answers to a mail that was cut off on its way is no refusal of the mail:
// it sees the end of our words, and calls them wrong for good. Found with a network
// that closed one direction.
func TestAMailThatWasCutOffIsNotRefused(t *testing.T) {
	t.Parallel()
	for _, verb := range []string{"RCPT", "DATA", "."} {
		inTurns(t, verb, func(t *testing.T, offers []string) {
			server := smtptest.New(t, smtptest.Options{Offers: offers, Reply: smtptest.Both(
				smtptest.Times(1, verb, "554 5.0.0 unexpected EOF"), smtptest.Times(1, "RSET", smtptest.Cut))})
			p := poolFor(t, smtptest.URL(server.Addr()), 1)
			if a := send(t, p, newMail("a")); a.Accepted || a.Permanent || !strings.Contains(a.Text, "554 5.0.0 unexpected EOF") {
				t.Errorf("got %+v", a)
			}
			if a := send(t, p, newMail("a")); !a.Accepted {
				t.Errorf("again: %+v", a)
			}
		})
	}
}

// A server may request the text though it refused the only recipient (RFC 2920, 3.1):
// it gets none, and the next mail a new conversation.
func TestNoTextGoesToNobody(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{Offers: []string{"PIPELINING"}, Reply: smtptest.Both(
		smtptest.Times(1, "RCPT", "550 unknown"), smtptest.Times(1, "DATA", "354 go on"))})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	if a := send(t, p, newMail("a")); !a.Permanent || a.Text != "550 unknown" {
		t.Fatalf("got %+v", a)
	}
	if a := send(t, p, newMail("b")); !a.Accepted {
		t.Fatalf("got %+v", a)
	}
	if mails := server.Mails(); len(mails) != 1 || !strings.Contains(mails[0].MessageID, "b@example.com") {
		t.Errorf("the server has %+v", mails)
	}
}

// What is no longer wanted when its turn comes is not handed over, however far the
// conversation is.
func TestAnUnwantedMailIsNotHandedOver(t *testing.T) {
	t.Parallel()
	inTurns(t, "unwanted", func(t *testing.T, offers []string) {
		server := smtptest.New(t, smtptest.Options{Offers: offers})
		p := poolFor(t, smtptest.URL(server.Addr()), 1)
		m := newMail("a")
		m.Wanted = func() bool { return false }
		if _, err := p.Send(t.Context(), m); !errors.Is(err, ErrUnwanted) {
			t.Fatalf("error %v", err)
		}
		if a := send(t, p, newMail("b")); !a.Accepted {
			t.Fatalf("got %+v", a)
		}
		if mails := server.Mails(); len(mails) != 1 || !strings.Contains(mails[0].MessageID, "b@example.com") {
			t.Errorf("the server has %+v", mails)
		}
	})
}

func TestAConnectionThatTheServerEndedBetweenMailsCostsNoAttempt(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	for _, id := range []string{"a", "b", "c"} {
		if a := send(t, p, newMail(id)); !a.Accepted {
			t.Fatalf("mail %s: %+v", id, a)
		}
		server.CutAll()
	}
	if n := server.Connections(); n != 3 {
		t.Errorf("%d connections, want 3", n)
	}
}

func TestAServerThatLimitsMailsPerConnectionCostsNoAttempt(t *testing.T) {
	t.Parallel()
	var mails atomic.Int32
	server := smtptest.New(t, smtptest.Options{Reply: func(verb, _ string) string {
		if verb == "MAIL" && mails.Add(1) == 2 {
			return "421 4.7.0 too many mails in this session"
		}
		return ""
	}})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	for _, id := range []string{"a", "b"} {
		if a := send(t, p, newMail(id)); !a.Accepted {
			t.Fatalf("mail %s: %+v", id, a)
		}
	}
}

func TestAServerThatIsAwayIsAConditionUntilItComes(t *testing.T) {
	t.Parallel()
	p := poolFor(t, smtptest.URL("127.0.0.1:1"), 2)
	a := send(t, p, newMail("x"))
	if a.Accepted || a.Permanent || !strings.HasPrefix(a.Text, "no connection: ") {
		t.Fatalf("got %+v", a)
	}
	if p.Condition(0) == nil || p.Condition(time.Hour) != nil {
		t.Error("a condition must be reported after the time given, not before")
	}
}

func TestAMailWaitsForAConnectionOnlyWhileItsContextLives(t *testing.T) {
	t.Parallel()
	held, let := make(chan struct{}), make(chan struct{})
	var once sync.Once
	server := smtptest.New(t, smtptest.Options{Reply: func(verb, _ string) string {
		if verb == "MAIL" {
			once.Do(func() { close(held); <-let })
		}
		return ""
	}})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	var first sync.WaitGroup
	first.Go(func() { _, _ = p.Send(t.Context(), newMail("a")) })
	<-held
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Send(ctx, newMail("b")); err == nil {
		t.Error("a mail was sent after its context ended")
	}
	close(let)
	first.Wait()
}

func TestEncryptionAndSigningIn(t *testing.T) {
	t.Parallel()
	certificate := testkit.NewServer(t)
	certified := certificate.Config()
	for name, c := range map[string]struct {
		options smtptest.Options
		server  Server
		taken   bool
	}{
		"STARTTLS and PLAIN": {
			smtptest.Options{TLS: certified, Offers: []string{"AUTH PLAIN LOGIN"}},
			Server{STARTTLS: Required, User: "u", Password: "p", CA: certificate.CAFile}, true,
		},
		"no STARTTLS where it is required": {smtptest.Options{}, Server{STARTTLS: Required}, false},
		"STARTTLS where it is offered":     {smtptest.Options{TLS: certified}, Server{STARTTLS: Opportunistic, CA: certificate.CAFile}, true},
		"a certificate of nobody's":        {smtptest.Options{TLS: certified}, Server{STARTTLS: Opportunistic}, false},
		"no way to sign in":                {smtptest.Options{}, Server{STARTTLS: Never, User: "u", Password: "p"}, false},
		"a wrong password": {
			smtptest.Options{Offers: []string{"AUTH PLAIN"}, Reply: smtptest.Times(1, "AUTH", "535 5.7.8 wrong")},
			Server{STARTTLS: Never, User: "u", Password: "p"}, false,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fake := smtptest.New(t, c.options)
			server := c.server
			server.Host, server.Port, _ = net.SplitHostPort(fake.Addr())
			p := NewPool(server, 1, testkit.Log(t))
			t.Cleanup(p.Close)
			a := send(t, p, newMail("x"))
			if a.Accepted != c.taken || a.Permanent {
				t.Errorf("got %+v, want taken: %v", a, c.taken)
			}
			if (p.Condition(0) == nil) != c.taken {
				t.Errorf("condition is %v", p.Condition(0))
			}
		})
	}
}

func TestNoTextBecomesAHeader(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	m := newMail("x")
	m.SenderName = "Shop\r\nBcc: eve@example.com"
	m.RecipientName = "Ada\nBcc: eve@example.com \"quoted\" <eve@example.com>"
	m.Subject = "Order 1 confirmed\r\nBcc: eve@example.com\r\n\r\nbody"
	m.Text = "first\n.\nQUIT\n"
	m.ReplyTo = "answers@example.com"
	if a := send(t, p, m); !a.Accepted {
		t.Fatalf("got %+v", a)
	}
	got := server.Mails()[0]
	parsed, err := mail.ReadMessage(strings.NewReader(got.Raw))
	if err != nil {
		t.Fatal(err)
	}
	if bcc := parsed.Header["Bcc"]; bcc != nil {
		t.Errorf("a Bcc was injected: %v", bcc)
	}
	to, err := parsed.Header.AddressList("To")
	if err != nil || len(to) != 1 || to[0].Address != "ada@example.com" {
		t.Errorf("To is %v, %v", to, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(parsed.Header.Get("Subject"))
	if err != nil || subject != "Order 1 confirmed Bcc: eve@example.com body" {
		t.Errorf("Subject is %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"Message-Id": "<x@example.com>", "Auto-Submitted": "auto-generated", "Mime-Version": "1.0",
	} {
		if got := parsed.Header.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if date, err := parsed.Header.Date(); err != nil || !date.Equal(m.Time) {
		t.Errorf("Date is %v, %v", date, err)
	}
	if !strings.Contains(parsed.Header.Get("Reply-To"), "answers@example.com") ||
		!strings.HasPrefix(parsed.Header.Get("Content-Type"), "multipart/alternative") {
		t.Errorf("headers are %v", parsed.Header)
	}
}

// Both texts come as they were written, whatever the server takes: dots that begin a
// line, every script, lines that are too long to travel as they are.
func TestTextsArriveAsTheyAre(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"short":           "first\n.\n..\nQUIT\n.end\n",
		"every script":    "Grüße, محمد – 1 × Lampe = 12 €\n",
		"long lines":      strings.Repeat("×", 600) + "\n.\n",
		"without its end": "no line ends here",
	} {
		for way, offers := range map[string][]string{"7 bit": nil, "8 bit": {"8BITMIME", "PIPELINING"}} {
			t.Run(name+" by "+way, func(t *testing.T) {
				t.Parallel()
				server := smtptest.New(t, smtptest.Options{Offers: offers})
				m := newMail("x")
				m.Text, m.HTML = text, "<p>\n"+text+"</p>\n"
				if a := send(t, poolFor(t, smtptest.URL(server.Addr()), 1), m); !a.Accepted {
					t.Fatalf("got %+v", a)
				}
				got := server.Mails()[0].Raw
				for line := range strings.SplitSeq(got, "\r\n") {
					if len(line) > 998 || len(offers) == 0 && strings.ContainsFunc(line, func(r rune) bool { return r > 127 }) {
						t.Errorf("a line can't travel: %q", line)
					}
				}
				parsed, err := mail.ReadMessage(strings.NewReader(got))
				if err != nil {
					t.Fatal(err)
				}
				_, params, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
				if err != nil {
					t.Fatal(err)
				}
				parts := multipart.NewReader(parsed.Body, params["boundary"])
				for _, want := range []string{m.Text, m.HTML} {
					part, err := parts.NextPart() // decodes quoted-printable
					if err != nil {
						t.Fatal(err)
					}
					body, err := io.ReadAll(part)
					if err != nil {
						t.Fatal(err)
					}
					if got := strings.TrimSuffix(strings.ReplaceAll(string(body), "\r\n", "\n"), "\n"); got != strings.TrimSuffix(want, "\n") {
						t.Errorf("%q came, %q was written", got, want)
					}
				}
			})
		}
	}
}

func TestAnAddressThatIsNoneIsRefusedForGood(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	for _, address := range []string{
		"", "ada", "ada@example.com>\r\nRCPT TO:<eve@example.com", "ada@example.com\r\nDATA", "a@b.c, d@e.f", "Ada <ada@example.com>",
	} {
		m := newMail("x")
		m.Recipient = address
		if a := send(t, p, m); a.Accepted || !a.Permanent {
			t.Errorf("%q: got %+v", address, a)
		}
	}
	if n := server.Connections(); n != 0 {
		t.Errorf("the server got %d attempts", n)
	}
}

func TestAddressesOfEveryScriptTravel(t *testing.T) {
	t.Parallel()
	server := smtptest.New(t, smtptest.Options{Offers: []string{"8BITMIME", "SMTPUTF8"}})
	p := poolFor(t, smtptest.URL(server.Addr()), 1)
	m := newMail("x")
	m.Recipient, m.RecipientName, m.Subject = "用户@例子.example", "محمد", "Order 1 – bestätigt"
	if a := send(t, p, m); !a.Accepted {
		t.Fatalf("got %+v", a)
	}
	if got := server.Mails()[0].To; !strings.Contains(got, "用户@xn--fsqu00a.example") {
		t.Errorf("it went to %s", got)
	}
}

// A mail server whose certificate expired gets no mail and no password: the error names
// it and when it ended. Once it is renewed, mails go, without a restart.
func TestAnExpiredCertificateIsReported(t *testing.T) {
	t.Parallel()
	certificate := testkit.NewServer(t)
	certificate.Expire()
	fake := smtptest.New(t, smtptest.Options{TLS: certificate.Config(), Offers: []string{"AUTH PLAIN"}})
	server := Server{STARTTLS: Required, User: "u", Password: "p", CA: certificate.CAFile}
	server.Host, server.Port, _ = net.SplitHostPort(fake.Addr())
	p := NewPool(server, 1, testkit.Log(t))
	t.Cleanup(p.Close)
	if a := send(t, p, newMail("x")); a.Accepted || a.Permanent {
		t.Errorf("got %+v", a)
	}
	reported := fmt.Sprint(p.Condition(0))
	for _, want := range []string{fake.Addr(), "the certificate of localhost, 127.0.0.1", certificate.Expired.Format(time.RFC3339), "renew it"} {
		if !strings.Contains(reported, want) {
			t.Errorf("the condition lacks %q: %s", want, reported)
		}
	}
	certificate.Renew()
	if a := send(t, p, newMail("x")); !a.Accepted {
		t.Errorf("renewed: %+v", a)
	}
	if err := p.Condition(0); err != nil {
		t.Errorf("renewed: %v", err)
	}
}
