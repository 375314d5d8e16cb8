package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"time"

	"github.com/google/uuid"
)

// The authentication methods (amr, RFC 8176) of a sign-in.
const (
	MethodPassword = "pwd"
	MethodOTP      = "otp"
)

// graceTime is how long a refresh token is still good after it got its successor, for
// two tabs that refresh at once and for an answer that was lost.
const graceTime = 30 * time.Second

// MaxSessions is how many sessions an account has at a time; one more ends the oldest.
const MaxSessions = 100

// SessionLife is how long a session lasts.
type SessionLife struct {
	// Idle ends a session that nobody refreshed for so long, Whole ends it in any case.
	Idle, Whole time.Duration
}

// Session is a sign-in and its family of refresh tokens: each of them is followed by
// one successor, and only the last one is good, and for a moment the one before it.
type Session struct{ state SessionSnapshot }

// SessionSnapshot is a session as it is stored.
type SessionSnapshot struct {
	ID        uuid.UUID
	AccountID uuid.UUID
	// Number is that of the last refresh token, from 1.
	Number int64
	// RefreshTime is when the last token was made.
	RefreshTime time.Time
	CreateTime  time.Time
	// AuthTime is when a password was last shown, Methods how (amr): "pwd", "otp".
	AuthTime time.Time
	Methods  []string
	// AddressPrefix is that of the address that it began from; Agent is the program, as it
	// calls itself.
	AddressPrefix, Agent string
	// EndTime is when it was ended; zero while it lasts.
	EndTime time.Time
}

// NewSession returns the session that a sign-in begins, with its first refresh token. methods
// are how it was proved who signs in.
func NewSession(id, account uuid.UUID, methods []string, prefix, agent string, now time.Time) Session {
	return Session{SessionSnapshot{
		ID: id, AccountID: account, Number: 1, RefreshTime: now, CreateTime: now, AuthTime: now,
		Methods: methods, AddressPrefix: prefix, Agent: cut(agent, maxAgent),
	}}
}

// RestoreSession returns a session that was stored.
func RestoreSession(stored SessionSnapshot) Session { return Session{stored} }

// Snapshot returns the session as it is stored.
func (s Session) Snapshot() SessionSnapshot { return s.state }

// maxAgent bounds what is kept of a program's name for itself.
const maxAgent = 200

func cut(text string, characters int) string {
	clean := make([]rune, 0, characters)
	for _, r := range text {
		if len(clean) == characters {
			break
		}
		if r >= ' ' && r != 0x7f {
			clean = append(clean, r)
		}
	}
	return string(clean)
}

// Proved returns the session with another proof of who has it.
func (s Session) Proved(methods []string, now time.Time) Session {
	s.state.Methods, s.state.AuthTime = methods, now
	return s
}

// End ends the session. One that was ended stays as it is.
func (s Session) End(now time.Time) Session {
	if s.state.EndTime.IsZero() {
		s.state.EndTime = now
	}
	return s
}

// Ended reports whether the session is over.
func (s Session) Ended(life SessionLife, now time.Time) bool {
	return !s.state.EndTime.IsZero() || !now.Before(s.state.ExpireTime(life))
}

// ExpireTime is when the session ends if nobody refreshes it.
func (s SessionSnapshot) ExpireTime(life SessionLife) time.Time {
	idle, whole := s.RefreshTime.Add(life.Idle), s.CreateTime.Add(life.Whole)
	if idle.Before(whole) {
		return idle
	}
	return whole
}

// Refreshed is what becomes of a session to which a refresh token was shown.
type Refreshed int

// The outcomes of Refresh.
const (
	// Advanced makes the successor of the token; the session changed.
	Advanced Refreshed = iota
	// Repeated gives the successor once more; the session is as it was.
	Repeated
	// Reused ends the session: a token was shown whose successor is in use.
	Reused
	// Over refuses: the session ended before.
	Over
)

// Refresh decides about the refresh token of a number. While nobody used the successor,
// the token before it is answered with that successor for 30 s. One that is older shows
// that two hold the family, and ends it. A number beyond the last one was made before
// the database was restored from an older state: it is over.
func (s Session) Refresh(number int64, life SessionLife, now time.Time) (Session, Refreshed) {
	switch {
	case s.Ended(life, now) || number > s.state.Number || number < 1:
		return s, Over
	case number == s.state.Number:
		s.state.Number++
		s.state.RefreshTime = now
		return s, Advanced
	case number == s.state.Number-1 && now.Sub(s.state.RefreshTime) <= graceTime:
		return s, Repeated
	}
	return s.End(now), Reused
}

// RefreshSecret is from what the keys of all families are derived.
type RefreshSecret []byte

const refreshBytes = 16 + 8 + sha256.Size

// Token returns the bytes of a session's refresh token: the family's id, the number, and
// HMAC(family key, number). The family key is derived, so that nothing that is stored
// makes a token.
func (k RefreshSecret) Token(session uuid.UUID, number int64) []byte {
	token := make([]byte, 0, refreshBytes)
	token = append(token, session[:]...)
	token = binary.BigEndian.AppendUint64(token, uint64(number)) //nolint:gosec // it counts from 1
	return append(token, k.mac(session, number)...)
}

// Read returns the session and number of a token; false when we did not make it.
func (k RefreshSecret) Read(token []byte) (session uuid.UUID, number int64, ok bool) {
	if len(token) != refreshBytes {
		return uuid.Nil, 0, false
	}
	session = uuid.UUID(token[:16])
	number = int64(binary.BigEndian.Uint64(token[16:24])) //nolint:gosec // a negative one has no MAC of ours
	return session, number, hmac.Equal(token[24:], k.mac(session, number))
}

func (k RefreshSecret) mac(session uuid.UUID, number int64) []byte {
	family := hmac.New(sha256.New, k)
	family.Write(session[:])
	mac := hmac.New(sha256.New, family.Sum(nil))
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(number))) //nolint:gosec // as above
	return mac.Sum(nil)
}
