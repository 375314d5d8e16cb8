package notification_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect/v2"
	"github.com/google/uuid"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	customerv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/customer/v1"
	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/consumer"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/outbox"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
)

// linkTo begins the links that identity gives.
const linkTo = "https://shop.example/account/there#sm_ln_"

// identity gives links, as notification sees it: its contract, on a server of its own.
type identity struct {
	identityv1connect.UnimplementedTokenServiceHandler

	mu   sync.Mutex
	away int  // how many calls it does not answer
	over bool // links are not good any more
}

func (s *identity) MintMailLink(_ context.Context, req *identityv1.MintMailLinkRequest) (*identityv1.MintMailLinkResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away > 0 {
		s.away--
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "identity is away")
	}
	if s.over {
		return nil, fault.New(fault.Invalid, "LINK_INVALID", "the link is used, expired or incomplete")
	}
	return &identityv1.MintMailLinkResponse{Link: linkTo + req.GetLinkId()}, nil
}

func (s *identity) serve(tb testing.TB) string {
	tb.Helper()
	return testkit.Others(tb, services.Permissions(), func(server *connect.Server) {
		identityv1connect.RegisterTokenServiceHandler(server, s)
	}, "identity")
}

func accountMail(id uuid.UUID, message proto.Message) outbox.Event {
	return outbox.Event{Topic: "shopmesh.identity.mail.v1", Key: id, Version: 1, Time: time.Now(), Message: message}
}

func linkMail(id uuid.UUID, address string, kind identityv1.MailKind) outbox.Event {
	return accountMail(id, &identityv1.MailLinkRequested{
		LinkId: id.String(), Kind: kind, Email: address, ExpireTime: timestamppb.New(time.Now().Add(time.Hour)),
	})
}

// mailTo waits for the mails to an address.
func (s *harness) mailTo(address string, count int) []inbox.Mail {
	s.t.Helper()
	var mails []inbox.Mail
	testkit.Eventually(s.t, "the mails arrived", func() bool {
		mails = nil
		for m, err := range s.inbox.Mails() {
			if err != nil {
				s.t.Fatal(err)
			}
			if len(m.To) == 1 && m.To[0] == address {
				mails = append(mails, m)
			}
		}
		return len(mails) == count
	})
	return mails
}

// ofRecipient waits until the only mail to an address has a status.
func (s *harness) ofRecipient(address string, status notificationv1.NotificationStatus) *notificationv1.Notification {
	s.t.Helper()
	var found []*notificationv1.Notification
	testkit.Eventually(s.t, "the mail is "+status.String(), func() bool {
		res, err := s.mails.ListNotifications(s.t.Context(), &notificationv1.ListNotificationsRequest{Filter: `recipient = "` + address + `"`})
		if err != nil {
			s.t.Fatal(err)
		}
		found = res.GetNotifications()
		return len(found) == 1 && found[0].GetStatus() == status
	})
	return found[0]
}

// The mail has the link, and nothing else has it: not the mailbox, not what staff reads, and
// nobody resends it to somebody else.
func TestLinksAreInTheMailAlone(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for _, kind := range []identityv1.MailKind{
		identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, identityv1.MailKind_MAIL_KIND_ACCOUNT_EXISTS, identityv1.MailKind_MAIL_KIND_RESET_PASSWORD,
		identityv1.MailKind_MAIL_KIND_INVITATION, identityv1.MailKind_MAIL_KIND_CONFIRM_EMAIL,
	} {
		id := uuid.Must(uuid.NewV7())
		address := strings.ToLower(kind.String()) + "@example.com"
		event := linkMail(id, address, kind)
		s.publish(event, event)
		link := linkTo + id.String()
		mail := s.mailTo(address, 1)[0]
		if !strings.Contains(mail.Text, link) || !strings.Contains(mail.HTML, `href="`+link+`"`) {
			t.Errorf("%s: the mail has no link %s:\n%s", kind, link, mail.Text)
		}
		stored := s.ofRecipient(address, sent)
		shown := s.get(stored.GetId())
		if strings.Contains(shown.GetText()+shown.GetHtml(), "sm_ln_") || !strings.Contains(shown.GetText(), "[link removed]") {
			t.Errorf("%s: staff reads\n%s", kind, shown.GetText())
		}
		if shown.GetOrderId() != "" || shown.GetSubjectId() != id.String() {
			t.Errorf("%s: it is about %q, %q", kind, shown.GetOrderId(), shown.GetSubjectId())
		}
		_, err := s.mails.ResendNotification(t.Context(), &notificationv1.ResendNotificationRequest{Id: stored.GetId(), Recipient: "eve@example.com"})
		testkit.Refused(t, err, connect.CodeFailedPrecondition, "NOTIFICATION_STATE")
	}
	var rows int
	if err := s.pool.QueryRow(t.Context(), `select count(*) from notifications where position('sm_ln_'::bytea in content) > 0 or to_jsonb(notifications)::text like '%sm_ln_%'`).Scan(&rows); err != nil || rows != 0 {
		t.Errorf("%d rows hold a link, %v", rows, err)
	}
}

// The link of a mail that was requested in a language leads to the page in it.
func TestLinksLeadToPagesInTheLanguageOfTheirMails(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	id := uuid.Must(uuid.NewV7())
	event := linkMail(id, "grace@example.com", identityv1.MailKind_MAIL_KIND_RESET_PASSWORD)
	event.Message.(*identityv1.MailLinkRequested).LanguageCode = "de"
	s.publish(event)
	link := "https://shop.example/de/account/there#sm_ln_" + id.String()
	if mail := s.mailTo("grace@example.com", 1)[0]; !strings.Contains(mail.Text, link) || !strings.Contains(mail.HTML, `href="`+link+`"`) || !strings.Contains(mail.HTML, `lang="de"`) {
		t.Errorf("the mail does not lead to %s:\n%s", link, mail.Text)
	}
}

// What is mailed about an account is found by it, and by no other.
func TestMailsOfAnAccountAreListed(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	account := uuid.New()
	for i, of := range []uuid.UUID{account, uuid.New(), account, uuid.Nil} {
		id := uuid.Must(uuid.NewV7())
		event := linkMail(id, fmt.Sprintf("account%d@example.com", i), identityv1.MailKind_MAIL_KIND_RESET_PASSWORD)
		if of != uuid.Nil {
			event.Message.(*identityv1.MailLinkRequested).AccountId = of.String()
		}
		s.publish(event)
		s.ofRecipient(fmt.Sprintf("account%d@example.com", i), sent)
	}
	res, err := s.mails.ListNotifications(t.Context(), &notificationv1.ListNotificationsRequest{Filter: `account_id = "` + account.String() + `"`})
	if err != nil {
		t.Fatal(err)
	}
	var to []string
	for _, mail := range res.GetNotifications() {
		to = append(to, mail.GetRecipient())
		if mail.GetAccountId() != account.String() {
			t.Errorf("the mail to %s is about account %q", mail.GetRecipient(), mail.GetAccountId())
		}
	}
	if !slices.Equal(to, []string{"account2@example.com", "account0@example.com"}) {
		t.Errorf("found the mails to %v", to)
	}
}

// While identity is away, mails with links wait; one whose link is over is never sent.
func TestMailsWaitForTheirLinks(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	s.identity.mu.Lock()
	s.identity.away = 1
	s.identity.mu.Unlock()
	s.publish(linkMail(uuid.Must(uuid.NewV7()), "late@example.com", identityv1.MailKind_MAIL_KIND_RESET_PASSWORD))
	s.mailTo("late@example.com", 1)

	s.identity.mu.Lock()
	s.identity.over = true
	s.identity.mu.Unlock()
	s.publish(linkMail(uuid.Must(uuid.NewV7()), "over@example.com", identityv1.MailKind_MAIL_KIND_RESET_PASSWORD))
	s.ofRecipient("over@example.com", failed)
	s.mailTo("over@example.com", 0)
}

// What was mailed about an account goes with the erasure of its customer: a sign-up from
// before there was one, too, and what is requested later. The erasure of a guest finds what
// they requested by the address, and no mail about a customer's account.
func TestAnErasureBlanksMailsAboutTheAccount(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	customer, account := uuid.New(), uuid.New()
	mails := map[string]*identityv1.MailLinkRequested{
		"ada@example.com":   {Kind: identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, AccountId: account.String()},
		"new@example.com":   {Kind: identityv1.MailKind_MAIL_KIND_CONFIRM_EMAIL, AccountId: account.String()},
		"reset@example.com": {Kind: identityv1.MailKind_MAIL_KIND_RESET_PASSWORD, AccountId: account.String(), CustomerId: customer.String()},
		"guest@example.com": {Kind: identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL, AccountId: uuid.NewString()},
		"other@example.com": {Kind: identityv1.MailKind_MAIL_KIND_RESET_PASSWORD, AccountId: uuid.NewString(), CustomerId: uuid.NewString()},
	}
	publish := func(address string) {
		id := uuid.Must(uuid.NewV7())
		m := proto.CloneOf(mails[address])
		m.LinkId, m.Email, m.ExpireTime = id.String(), address, timestamppb.New(time.Now().Add(time.Hour))
		s.publish(accountMail(id, m))
	}
	for address := range mails {
		publish(address)
		s.mailTo(address, 1)
		s.ofRecipient(address, sent)
	}
	s.publish(
		outbox.Event{Topic: "shopmesh.customer.customer.v1", Key: customer, Version: 2, Time: time.Now(), Message: &customerv1.CustomerErased{
			CustomerId: customer.String(), AccountId: account.String(), Version: 2,
		}},
		outbox.Event{Topic: "shopmesh.customer.customer.v1", Key: uuid.New(), Version: 1, Time: time.Now(), Message: &customerv1.CustomerErased{Email: "guest@example.com", Version: 1}},
		outbox.Event{Topic: "shopmesh.customer.customer.v1", Key: uuid.New(), Version: 1, Time: time.Now(), Message: &customerv1.CustomerErased{Email: "other@example.com", Version: 1}},
	)
	testkit.Eventually(t, "all but the other's mails are blank", func() bool { return s.personal() == 1 })
	s.ofRecipient("other@example.com", sent)
	publish("new@example.com")
	testkit.Eventually(t, "a mail after the erasure is not sent", func() bool {
		var n int
		return s.pool.QueryRow(t.Context(), `select count(*) from notifications where status = 4`).Scan(&n) == nil && n == 1
	})
	s.mailTo("new@example.com", 1)
}

// Somebody is mailed what happened to their account, once, and no order awaits that.
func TestNoticesAboutAccounts(t *testing.T) {
	t.Parallel()
	s := newHarness(t, options{})
	for _, kind := range []identityv1.NoticeKind{
		identityv1.NoticeKind_NOTICE_KIND_PASSWORD_CHANGED, identityv1.NoticeKind_NOTICE_KIND_TOKEN_REUSED,
		identityv1.NoticeKind_NOTICE_KIND_EMAIL_CHANGED, identityv1.NoticeKind_NOTICE_KIND_TOTP_CHANGED,
	} {
		id := uuid.Must(uuid.NewV7())
		address := strings.ToLower(kind.String()) + "@example.com"
		event := accountMail(id, &identityv1.AccountNoticed{
			NoticeId: id.String(), Kind: kind, Email: address, Time: timestamppb.New(time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)),
		})
		s.publish(event, event)
		if mail := s.mailTo(address, 1)[0]; !strings.Contains(mail.Text, "2 January 2027, 03:04 UTC") || !strings.Contains(mail.Text, "Ada's Lamps") {
			t.Errorf("%s:\n%s", kind, mail.Text)
		}
		s.ofRecipient(address, sent)
	}
	o := newOrder()
	s.publish(o.confirmed())
	s.waitEvents(o, 1) // what was published before it would be here, too
	for _, e := range s.decodeAll(s.events.Received(func(consumer.Event) bool { return true })) {
		if e.message.GetOrderId() != o.id.String() {
			t.Errorf("published %v", e.message)
		}
	}
}
