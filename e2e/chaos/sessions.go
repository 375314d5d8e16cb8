package main

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// trySignIn signs in; the error is that of a refusal, or of patience that ended.
func (d *driver) trySignIn(m *member, email, password string) (*session, error) {
	res, err := callUntilAnswered(d.public, m.rng, "identity", &write{kind: "SignIn", hashes: true}, func(ctx context.Context, k *endpoint) (*identityv1.SignInResponse, error) {
		return k.account.SignIn(ctx, &identityv1.SignInRequest{Kind: m.kind, Email: email, Password: password})
	})
	if err != nil {
		return nil, err
	}
	return sessionOf(res.GetSession()), nil
}

// signsIn reports whether an address and a password sign in.
func (d *driver) signsIn(m *member, email, password string) bool {
	_, err := d.trySignIn(m, email, password)
	return err == nil
}

// signIn begins the session of a member who has none.
func (d *driver) signIn(m *member) bool {
	w := &write{kind: "SignIn"}
	s, err := d.trySignIn(m, m.email, m.password)
	switch {
	case err == nil:
		m.session = s
		d.record(w, acknowledged, "")
		return true
	case final(err):
		d.record(w, refused, reasonOf(err))
		d.findOf(m, "SIGN_IN_REFUSED", "the last acknowledged password was refused: %v", err)
	default:
		d.unanswered(m, w)
	}
	m.lost = true
	return false
}

// freshTokens is how many access tokens in a row may be over when they are used: each time
// something else has to be acknowledged meanwhile that ends them.
const freshTokens = 5

var errNoSession = errors.New("there is no session")

// asMember calls until the answer is known, with an access token of the member.
func asMember[T any](d *driver, m *member, name string, w *write, call func(context.Context, *endpoint) (T, error)) (T, error) {
	var empty T
	for range freshTokens {
		if !d.enter(m) {
			return empty, errNoSession
		}
		shown := m.session.text
		res, err := callUntilAnswered(d.public, m.rng, name, w, func(ctx context.Context, k *endpoint) (T, error) {
			return call(showing(ctx, shown), k)
		})
		switch {
		case reasonOf(err) == reasonExpired:
			m.session.expire = time.Time{}
			continue
		case err == nil:
			d.record(w, acknowledged, "")
		case final(err):
			d.record(w, refused, reasonOf(err))
		}
		return res, err
	}
	m.lost = true
	d.findOf(m, "FRESH_TOKEN_REFUSED", "%s: %d access tokens in a row were refused", w.kind, freshTokens)
	return empty, errNoSession
}

// enter sees to it that the member has an access token that lasts.
func (d *driver) enter(m *member) bool {
	for d.patience.Err() == nil {
		switch {
		case m.session == nil:
			if !d.signIn(m) {
				return false
			}
		case time.Until(m.session.expire) > graceTime:
			return true
		default:
			d.refresh(m)
		}
	}
	return false
}

// refreshed is what came of a refresh token that was shown.
type refreshed struct {
	session *identityv1.Session // nil when there was none
	over    bool                // the session is over
	lost    int
}

// showRefresh shows a refresh token until there is an answer. It was shown first at began: an
// answer that comes later than the grace time after that may be a refusal, where attempts had
// no answer.
func (d *driver) showRefresh(m *member, rng *rand.Rand, s *session, text string, began time.Time, kind string) refreshed {
	w := &write{kind: kind}
	res, err := callUntilAnswered(d.public, rng, "identity", w, func(ctx context.Context, k *endpoint) (*identityv1.RefreshSessionResponse, error) {
		return k.account.RefreshSession(ctx, &identityv1.RefreshSessionRequest{RefreshToken: text})
	})
	late := time.Since(began) > graceTime
	switch {
	case err == nil:
		d.record(w, acknowledged, "")
		return refreshed{session: res.GetSession(), lost: w.lost}
	case final(err):
		d.record(w, refused, reasonOf(err))
		if !s.doubtful && !late {
			d.findOf(m, "REFRESH_REFUSED", "%s was refused (%s) %v after its token was shown first", kind, reasonOf(err), time.Since(began))
		}
		return refreshed{over: true, lost: w.lost}
	default:
		d.unanswered(m, w)
		return refreshed{lost: w.lost}
	}
}

// refresh replaces the tokens of the member's session.
func (d *driver) refresh(m *member) {
	s := m.session
	got := d.showRefresh(m, m.rng, s, s.refresh, time.Now(), "RefreshSession")
	if got.lost > 0 || got.over {
		m.doubt(s)
	}
	switch {
	case got.session != nil:
		s.take(got.session)
	case got.over:
		m.end(s)
	}
}

// end notes that a session was acknowledged as over, with its access token.
func (m *member) end(s *session) {
	m.ended = append(m.ended, s)
	m.revoked = append(m.revoked, s.accessToken)
	if m.session == s {
		m.session = nil
	}
}

// refreshTwice refreshes at once in two tabs, and once more as after a lost answer: each time
// the same token follows.
func (d *driver) refreshTwice(m *member) {
	if !d.enter(m) {
		return
	}
	s, began := m.session, time.Now()
	shown, rng, second := s.refresh, rand.New(rand.NewPCG(m.rng.Uint64(), 2)), make(chan refreshed)
	go func() { second <- d.showRefresh(m, rng, s, shown, began, "RefreshSession at once") }()
	all := []refreshed{d.showRefresh(m, m.rng, s, shown, began, "RefreshSession")}
	all = append(all, <-second)
	if all[0].session != nil && d.pause(m.rng, 3*time.Second) {
		all = append(all, d.showRefresh(m, m.rng, s, shown, began, "RefreshSession repeated"))
	}
	d.takeSuccessors(m, s, all)
}

// takeSuccessors compares the successors of one refresh token, and goes on with them.
func (d *driver) takeSuccessors(m *member, s *session, all []refreshed) {
	over := false
	var last *identityv1.Session
	for _, r := range all {
		if r.lost > 0 || r.over {
			m.doubt(s)
		}
		over = over || r.over
		if r.session == nil {
			continue
		}
		if last != nil && r.session.GetRefreshToken() != last.GetRefreshToken() {
			d.findOf(m, "TWO_SUCCESSORS", "a refresh token was answered with two different successors")
		}
		last = r.session
	}
	if last != nil {
		s.take(last)
	}
	if over {
		m.end(s)
	}
}

// useRefreshTokenAgain shows a refresh token whose successor was used: that ends the session.
func (d *driver) useRefreshTokenAgain(m *member) {
	if !d.enter(m) {
		return
	}
	s, stolen := m.session, m.session.refresh
	for range 2 {
		if d.refresh(m); m.session != s {
			return
		}
	}
	w := &write{kind: "RefreshSession again"}
	_, err := callUntilAnswered(d.public, m.rng, "identity", w, func(ctx context.Context, k *endpoint) (*identityv1.RefreshSessionResponse, error) {
		return k.account.RefreshSession(ctx, &identityv1.RefreshSessionRequest{RefreshToken: stolen})
	})
	reasons := []string{reasonReused}
	if w.lost > 0 || s.doubtful { // it, or an attempt that was late, ended the session before
		reasons = append(reasons, reasonExpired)
	}
	d.mustBeRefused(m, "RefreshSession with a used token", err, reasons...)
	if !final(err) {
		return
	}
	d.book.expectMails(mailTokenReused, m.email, 1, 1)
	m.end(s)
	d.mustBeOver(m, s, "RefreshSession after reuse")
}

// mustBeOver shows the last refresh token of a session that ended.
func (d *driver) mustBeOver(m *member, s *session, what string) {
	_, err := callUntilAnswered(d.public, m.rng, "identity", &write{kind: what + " again"}, func(ctx context.Context, k *endpoint) (*identityv1.RefreshSessionResponse, error) {
		return k.account.RefreshSession(ctx, &identityv1.RefreshSessionRequest{RefreshToken: s.refresh})
	})
	d.mustBeRefused(m, what, err, reasonExpired)
}

func (d *driver) signOut(m *member) {
	if !d.enter(m) {
		return
	}
	s, w := m.session, &write{kind: "SignOut"}
	_, err := callUntilKnown(d.public, m.rng, "identity", w, func(ctx context.Context, k *endpoint) (*identityv1.SignOutResponse, error) {
		return k.account.SignOut(ctx, &identityv1.SignOutRequest{RefreshToken: s.refresh})
	})
	d.unanswered(m, w)
	if err != nil {
		return
	}
	m.end(s)
	d.mustBeOver(m, s, "RefreshSession after SignOut")
}
