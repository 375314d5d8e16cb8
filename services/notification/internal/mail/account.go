package mail

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/services/notification/internal/domain"
)

// LinkRemoved stands where a link was, in all that is shown or stored of a mail.
const LinkRemoved = "[link removed]"

// AccountEvent is an event of identity that a mail is about.
type AccountEvent interface {
	proto.Message
	GetEmail() string
	GetLanguageCode() string
}

// NewAccount returns an empty event of a kind about accounts.
func NewAccount(kind domain.Kind) AccountEvent {
	if kind.HasLink() {
		return &identityv1.MailLinkRequested{}
	}
	return &identityv1.AccountNoticed{}
}

// AccountKind returns what the mail about an event is about. It refuses a kind that a
// newer identity may know.
func AccountKind(event AccountEvent) (domain.Kind, error) {
	switch e := event.(type) {
	case *identityv1.MailLinkRequested:
		switch e.GetKind() {
		case identityv1.MailKind_MAIL_KIND_VERIFY_EMAIL:
			return domain.VerifyEmail, nil
		case identityv1.MailKind_MAIL_KIND_ACCOUNT_EXISTS:
			return domain.AccountExists, nil
		case identityv1.MailKind_MAIL_KIND_RESET_PASSWORD:
			return domain.ResetPassword, nil
		case identityv1.MailKind_MAIL_KIND_INVITATION:
			return domain.Invitation, nil
		case identityv1.MailKind_MAIL_KIND_CONFIRM_EMAIL:
			return domain.ConfirmEmail, nil
		default:
			return 0, fmt.Errorf("no mail is of the kind %s", e.GetKind())
		}
	case *identityv1.AccountNoticed:
		switch e.GetKind() {
		case identityv1.NoticeKind_NOTICE_KIND_PASSWORD_CHANGED:
			return domain.PasswordChanged, nil
		case identityv1.NoticeKind_NOTICE_KIND_TOKEN_REUSED:
			return domain.TokenReused, nil
		case identityv1.NoticeKind_NOTICE_KIND_EMAIL_CHANGED:
			return domain.EmailChanged, nil
		case identityv1.NoticeKind_NOTICE_KIND_TOTP_CHANGED:
			return domain.TotpChanged, nil
		default:
			return 0, fmt.Errorf("no notice is of the kind %s", e.GetKind())
		}
	}
	return 0, fmt.Errorf("no mail is about a %T", event)
}

// EncodeAccount returns what the mailbox keeps of an event: all but the address, which is
// the recipient. It holds no link.
func EncodeAccount(event AccountEvent) ([]byte, error) {
	switch e := event.(type) {
	case *identityv1.MailLinkRequested:
		e = proto.CloneOf(e)
		e.Email = ""
		return proto.Marshal(e)
	case *identityv1.AccountNoticed:
		e = proto.CloneOf(e)
		e.Email = ""
		return proto.Marshal(e)
	}
	return nil, fmt.Errorf("no mail is about a %T", event)
}

func decodeAccount(kind domain.Kind, content []byte) (Content, error) {
	event := NewAccount(kind)
	if err := proto.Unmarshal(content, event); err != nil {
		return Content{}, fmt.Errorf("decode the mail's content: %w", err)
	}
	l := Content{Kind: kind, LanguageCode: event.GetLanguageCode(), Link: LinkRemoved}
	switch e := event.(type) {
	case *identityv1.MailLinkRequested:
		l.LinkID, l.Time = e.GetLinkId(), e.GetExpireTime().AsTime()
	case *identityv1.AccountNoticed:
		l.Time = e.GetTime().AsTime()
	}
	return l, nil
}
