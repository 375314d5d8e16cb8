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

// SessionLifeOf returns the life of the sessions of a kind of account.
func SessionLifeOf(kind Kind) SessionLife {
	const day = 24 * time.Hour
	if kind == Staff {
		return SessionLife{Idle: 2 * time.Hour, Whole: day}
	}
	return SessionLife{Idle: 30 * day, Whole: 180 * day}
}

// Session is a sign-in and its family of refresh tokens: each of them is followed by
// one successor, and only the last one is good.
type Session struct {
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
	// Place is the prefix of the address that it began from; Agent is the program, as it
	// calls itself.
	Place, Agent string
	// EndTime is when it was ended; zero while it lasts.
	EndTime time.Time
}

// Ended reports whether the session is over.
func (s Session) Ended(life SessionLife, now time.Time) bool {
	return !s.EndTime.IsZero() || !now.Before(s.ExpireTime(life))
}

// ExpireTime is when the session ends if nobody refreshes it.
func (s Session) ExpireTime(life SessionLife) time.Time {
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
	case s.Ended(life, now) || number > s.Number || number < 1:
		return s, Over
	case number == s.Number:
		s.Number++
		s.RefreshTime = now
		return s, Advanced
	case number == s.Number-1 && now.Sub(s.RefreshTime) <= graceTime:
		return s, Repeated
	}
	s.EndTime = now
	return s, Reused
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
