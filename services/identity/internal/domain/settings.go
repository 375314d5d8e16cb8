package domain

import "time"

// Settings are what the owner may set for identity.
type Settings struct {
	// SigningKeyPeriod is how long a key signs before another follows.
	SigningKeyPeriod time.Duration
	// RequireStaffTotp requires a second factor of those who work for the shop. Where other
	// machines reach the shop, it is always true.
	RequireStaffTotp bool
	// AccessTokenLife is how long an access token is good.
	AccessTokenLife time.Duration
	// StepUpAge is how long ago a caller may have proved who they are for what needs a step-up.
	StepUpAge time.Duration
	// CustomerSession and StaffSession are how long sessions last.
	CustomerSession, StaffSession SessionLife
	// The lives of mailed links, by their purpose.
	VerifyEmailLinkLife, ResetPasswordLinkLife, InvitationLinkLife, ConfirmEmailLinkLife time.Duration
	// MaxAPIKeyLife is how long an API key is good at most.
	MaxAPIKeyLife time.Duration
	// MailsPerAddress is how many links for one purpose an address is mailed within MailWindow,
	// for each kind of account. They are counted apart, so that nobody keeps the link to set
	// another password from who works for the shop by requesting links of customers.
	MailsPerAddress int32
}

// SessionLife returns how long the sessions of a kind of account last.
func (s Settings) SessionLife(kind Kind) SessionLife {
	if kind == Staff {
		return s.StaffSession
	}
	return s.CustomerSession
}

// LinkLife returns how long a link of a purpose is good.
func (s Settings) LinkLife(purpose Purpose) time.Duration {
	switch purpose {
	case ResetPassword:
		return s.ResetPasswordLinkLife
	case Invitation:
		return s.InvitationLinkLife
	case ConfirmEmail:
		return s.ConfirmEmailLinkLife
	default:
		return s.VerifyEmailLinkLife
	}
}
