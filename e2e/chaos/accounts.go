package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
)

// member is somebody with an account, as they remember it. What they do follows one after
// the other; the check reads it when all is done.
type member struct {
	kind   identityv1.AccountKind
	serial uint64
	rng    *rand.Rand
	name   string // is in each address of theirs
	// What signs in.
	email, password string
	// What did before that, and does no more; empty when there was nothing else.
	formerEmail, formerPassword string
	// requested counts attempts to have a link mailed, by address: each may have been stored.
	requested map[string]int

	verified, disabled    bool // as acknowledged
	accountID, customerID string
	session               *session
	ended                 []*session // as acknowledged
	revoked               []accessToken
	orders                []*order // that are the account's
	lost                  bool     // they don't know any more what became of the account
	// reuses is how many sessions may have ended, and been mailed about, because an attempt to
	// refresh them arrived late.
	reuses int
}

// session is a sign-in.
type session struct {
	accessToken
	refresh string
	// doubtful is that a refresh had attempts without an answer. One that arrives late, when
	// its token's successor was used, ends the session.
	doubtful bool
}

func (m *member) doubt(s *session) {
	if !s.doubtful {
		s.doubtful = true
		m.reuses++
	}
}

type accessToken struct {
	text   string
	expire time.Time
}

func (s *session) take(from *identityv1.Session) {
	s.accessToken = accessToken{from.GetAccessToken(), from.GetExpireTime().AsTime()}
	s.refresh = from.GetRefreshToken()
}

func sessionOf(from *identityv1.Session) *session {
	s := &session{}
	s.take(from)
	return s
}

// none is the answer of a call that has nothing to answer.
type none struct{}

const (
	reasonExpired = "TOKEN_EXPIRED"
	reasonReused  = "TOKEN_REUSED"
	// graceTime is how long a refresh token is answered with the same successor.
	graceTime = 30 * time.Second
	// signUpEvery is how often somebody signs up. An account costs half a dozen hashes of
	// passwords, and the shop makes some ten in a second.
	signUpEvery = 2 * time.Second
)

// streams of randomness, beside those of orders.
const (
	memberStream uint64 = (iota + 1) << 56
	clerkStream
	cartStream
	settingsStream
)

func (d *driver) newMember(kind identityv1.AccountKind, name string, stream, serial uint64) *member {
	name = fmt.Sprintf("%s%d", name, serial)
	m := &member{
		kind: kind, serial: serial, rng: d.random(stream | serial), name: name, email: name + "@example.com",
		requested: map[string]int{}, password: "nine patient herons wade " + name,
	}
	d.book.mu.Lock()
	defer d.book.mu.Unlock()
	d.book.members = append(d.book.members, m)
	return m
}

// movedEmail is the address to which somebody changes theirs.
func (m *member) movedEmail() string { return m.name + "-moved@example.com" }

// findOf notes a finding about somebody's account.
func (d *driver) findOf(m *member, kind, format string, args ...any) {
	d.book.find(finding{kind: kind, subject: m.email, message: fmt.Sprintf(format, args...)})
}

// unanswered notes that a request of a member had no answer when patience ended.
func (d *driver) unanswered(m *member, w *write) {
	if w.outcome == unknown {
		d.findOf(m, "NEVER_ANSWERED", "%s had no answer after the faults were over", w.kind)
	}
}

// signUps has people sign up until selling ends. Each then does what people do with an
// account.
func (d *driver) signUps(selling context.Context) {
	d.each(selling, signUpEvery, uint64(len(memberSteps())), func(serial uint64) { d.customerWithAccount(selling, serial) })
}

// each begins something once in a while until selling ends, but some times in any case, so
// that a short round has all of it. It returns when all that it began is done.
func (d *driver) each(selling context.Context, pause time.Duration, least uint64, begin func(serial uint64)) {
	var all sync.WaitGroup
	defer all.Wait()
	for serial := uint64(1); ; serial++ {
		all.Go(func() { begin(serial) })
		if sleep(selling, pause) != nil && (serial >= least || d.patience.Err() != nil) {
			return
		}
	}
}

// memberSteps are what people do with an account.
func memberSteps() []func(*driver, *member) {
	return []func(*driver, *member){
		(*driver).refreshTwice, (*driver).useRefreshTokenAgain, (*driver).mergeCarts, (*driver).claim,
		(*driver).resetPassword, (*driver).changeEmail, (*driver).signOut,
	}
}

func (d *driver) customerWithAccount(selling context.Context, serial uint64) {
	m := d.newMember(identityv1.AccountKind_ACCOUNT_KIND_CUSTOMER, "member", memberStream, serial)
	var before []*order
	if m.rng.IntN(2) == 0 {
		before = d.orderAsGuest(m, m.email)
	}
	if !d.signUp(m) || !d.verify(m, before) {
		return
	}
	steps := memberSteps()
	first := int(serial) % len(steps)
	steps[first](d, m)
	for _, i := range m.rng.Perm(len(steps)) {
		if selling.Err() != nil || m.lost || !d.pause(m.rng, time.Second) {
			return
		}
		if i != first && m.rng.IntN(3) > 0 {
			steps[i](d, m)
		}
	}
}

// counting is a call that requests mails with a link, and counts its attempts.
func (d *driver) counting(m *member, to string, call func(context.Context, *endpoint) error, subjects ...string) func(context.Context, *endpoint) (none, error) {
	return func(ctx context.Context, k *endpoint) (none, error) {
		m.requested[to]++
		for _, subject := range subjects {
			d.book.expectMails(subject, to, 0, 1)
		}
		return none{}, call(ctx, k)
	}
}

// linksPerHour is how many links an address is mailed in an hour.
const linksPerHour = 3

func (d *driver) requestSignUp(m *member) bool {
	w := &write{kind: "SignUp"}
	_, err := callUntilKnown(d.public, m.rng, "identity", w, d.counting(m, m.email, func(ctx context.Context, k *endpoint) error {
		_, err := k.account.SignUp(ctx, &identityv1.SignUpRequest{Email: m.email})
		return err
	}, mailVerify, mailExists))
	d.unanswered(m, w)
	return err == nil
}

func (d *driver) signUp(m *member) bool {
	if !d.requestSignUp(m) {
		return false
	}
	d.book.expectMails(mailVerify, m.email, 1, 0)
	return true
}

// verify follows the mailed link. The guests' orders of the address from before are the
// account's then.
func (d *driver) verify(m *member, before []*order) bool {
	link, ok := d.mailbox.link(d.patience, mailKey{mailVerify, m.email})
	if !ok {
		return false // the check finds the mail missing
	}
	d.book.claim(before...)
	use := func(ctx context.Context, k *endpoint) (*identityv1.VerifyEmailResponse, error) {
		return k.account.VerifyEmail(ctx, &identityv1.VerifyEmailRequest{Token: link, Password: m.password, FirstName: "Grace", LastName: "Hopper"})
	}
	res, done := useLink(d, m, "VerifyEmail", use, func() bool { return d.signsIn(m, m.email, m.password) })
	if !done {
		return false
	}
	m.verified, m.orders = true, append(m.orders, before...)
	if res != nil {
		m.session = sessionOf(res.GetSession())
	}
	return d.knowSelf(m)
}

// knowSelf has somebody read their account.
func (d *driver) knowSelf(m *member) bool {
	w := &write{kind: "GetSelf"}
	res, err := asMember(d, m, "identity", w, func(ctx context.Context, k *endpoint) (*identityv1.GetSelfResponse, error) {
		return k.account.GetSelf(ctx, &identityv1.GetSelfRequest{})
	})
	if err != nil {
		m.lost = true
		d.unanswered(m, w)
		return false
	}
	got := res.GetAccount()
	m.accountID, m.customerID = got.GetId(), got.GetCustomerId()
	if got.GetEmail() != m.email || got.GetKind() != m.kind || (got.GetCustomerId() == "") != (m.kind == identityv1.AccountKind_ACCOUNT_KIND_STAFF) {
		d.findOf(m, "ACCOUNT_DIFFERS", "GetSelf answered %v", got)
	}
	return true
}

// useLink uses a mailed link up, sometimes twice at once, and then once more, which must be
// refused. A link that is refused after an attempt without an answer was used by that
// attempt if isDone: then res is the zero T.
func useLink[T any](
	d *driver, m *member, kind string, use func(context.Context, *endpoint) (T, error), isDone func() bool,
) (res T, done bool) {
	type answer struct {
		res T
		err error
	}
	w := &write{kind: kind, hashes: kind != "ConfirmEmailChange"}
	first := answer{}
	if m.rng.IntN(4) == 0 {
		rng, other, second := rand.New(rand.NewPCG(m.rng.Uint64(), 1)), &write{kind: kind, hashes: w.hashes}, make(chan answer)
		go func() {
			res, err := callUntilAnswered(d.public, rng, "identity", other, use)
			second <- answer{res, err}
		}()
		first.res, first.err = callUntilAnswered(d.public, m.rng, "identity", w, use)
		twin := <-second
		w.lost += other.lost
		switch {
		case first.err == nil && twin.err == nil:
			d.findOf(m, "LINK_USED_TWICE", "%s was acknowledged twice by one link", kind)
		case twin.err == nil:
			first = twin
		}
	} else {
		first.res, first.err = callUntilAnswered(d.public, m.rng, "identity", w, use)
	}
	switch reason := reasonOf(first.err); {
	case first.err == nil:
		d.record(w, acknowledged, "")
	case reason == "LINK_INVALID" && w.lost > 0 && isDone():
		d.record(w, acknowledged, "")
		first = answer{}
	case final(first.err) && d.patience.Err() == nil:
		m.lost = true
		d.record(w, refused, reason)
		d.findOf(m, "LINK_REFUSED", "%s by a mailed link was refused (%s) after %d attempts without an answer", kind, reason, w.lost)
		return res, false
	default:
		m.lost = true
		d.unanswered(m, w)
		return res, false
	}
	if m.serial%2 == 1 {
		again := &write{kind: kind + " again"}
		_, err := callUntilAnswered(d.public, m.rng, "identity", again, use)
		d.mustBeRefused(m, kind+" with a used link", err, "LINK_INVALID")
	}
	return first.res, true
}

// mustBeRefused finds an answer that is not the refusal that it has to be.
func (d *driver) mustBeRefused(m *member, what string, err error, reasons ...string) {
	switch reason := reasonOf(err); {
	case slices.Contains(reasons, reason):
		d.tally.rightlyRefused(what)
	case err == nil || final(err):
		d.findOf(m, "NOT_REFUSED", "%s was answered with %v, want %v", what, err, reasons)
	}
}
