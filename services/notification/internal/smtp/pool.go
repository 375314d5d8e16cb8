package smtp

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"
)

const (
	// dialTimeout bounds connecting, encrypting and signing in.
	dialTimeout = 15 * time.Second
	// handOverTimeout bounds one mail. RFC 5321, 4.5.3.2, grants a server minutes;
	// one that takes longer gets the mail again with the same Message-ID.
	handOverTimeout = 2 * time.Minute
	// idleCheck is how long a connection may be idle before it is checked, idleLimit how
	// long before it is closed.
	idleCheck = 5 * time.Second
	idleLimit = 30 * time.Second
	// maxPause bounds the pause between two attempts to connect.
	maxPause = 2 * time.Second
	minPause = 20 * time.Millisecond
)

// Answer is how handing over a mail ended.
type Answer struct {
	Accepted bool
	// Permanent reports that the server refused this mail or its recipient for good.
	Permanent bool
	// Text is what the server answered, or what went wrong.
	Text string
}

// Pool is a few connections to one mail server. They are opened when needed, stay
// open between mails, and are closed after half a minute of rest.
type Pool struct {
	server Server
	log    *slog.Logger
	places chan struct{} // one per connection

	mu     sync.Mutex
	idle   []*conn // the last used is the last
	closed bool
	// pause and notBefore keep failing connections from being tried without end.
	pause     time.Duration
	notBefore time.Time
	condition condition
}

// condition is what keeps every mail from being handed over.
type condition struct {
	cause         error
	since, logged time.Time
}

// NewPool makes a pool of at most size connections, none open yet.
func NewPool(server Server, size int, log *slog.Logger) *Pool {
	return &Pool{server: server, log: log, places: make(chan struct{}, size)}
}

// Send hands over one mail and reports how that ended. It waits for a connection;
// the error is ctx's when it ended before the mail was on its way, and ErrUnwanted
// when the mail was not wanted any more by then.
//
// The server's 250 accepts the mail. A 5xx refuses the recipient or the mail for
// good. What is about us and not about the mail (no connection, TLS, signing in, the
// sender's address) and a 4xx is no refusal. When the connection ends after the mail
// was sent and before the answer, the server may have it: it recognizes the next
// attempt by the Message-ID, which is the same.
func (p *Pool) Send(ctx context.Context, m Mail) (Answer, error) {
	var read addresses
	if err := read.readRecipient(m); err != nil {
		return cannotBe(err), nil
	}
	if err := read.readSender(m); err != nil {
		return p.cannotYet(err), nil
	}
	select {
	case p.places <- struct{}{}:
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
	defer func() { <-p.places }()
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	return p.hand(ctx, m, read)
}

// errNoUTF8 refuses a mail to such an address for good: trying again does not help until
// there is another server, and then it can be resent.
var errNoUTF8 = errors.New("the address has letters beyond ASCII before the @, and the mail server does not offer SMTPUTF8 (RFC 6531)")

// cannotBe is the answer to a mail that no server needs to see.
func cannotBe(err error) Answer { return Answer{Permanent: true, Text: err.Error()} }

// cannotYet is the answer to a mail that waits until the shop's own address is another.
func (p *Pool) cannotYet(err error) Answer {
	p.setCondition(err)
	return Answer{Text: err.Error()}
}

func (p *Pool) hand(ctx context.Context, m Mail, to addresses) (Answer, error) {
	c := p.takeIdle(ctx)
	reused := c != nil
	for {
		if c == nil {
			var err error
			if c, err = p.dial(ctx); err != nil {
				if ctx.Err() != nil {
					return Answer{}, ctx.Err()
				}
				return Answer{Text: "no connection: " + explain(err)}, nil
			}
		}
		if to.utf8() && !c.takesUTF8() {
			p.release(c)
			if to.recipientUTF8 {
				return cannotBe(errNoUTF8), nil
			}
			return p.cannotYet(fmt.Errorf("the sender's address: %w", errNoUTF8)), nil
		}
		message, err := compose(m, to, c.takes8Bit())
		if err != nil {
			p.release(c)
			return cannotBe(err), nil
		}
		reply, at, err := c.timed(ctx, m, to, message)
		// A server may close a connection between two mails. Nothing of this mail was
		// handed over then, so a new connection continues the same attempt.
		stale := reused && at == stageSender && err != nil && code(err)/100 != 5
		if stale {
			c.broken = true
		}
		p.release(c)
		if stale {
			c, reused = nil, false
			continue
		}
		if errors.Is(err, ErrUnwanted) {
			return Answer{}, err
		}
		return p.judge(reply, at, err), nil
	}
}

func (c *conn) timed(ctx context.Context, m Mail, a addresses, message []byte) (string, stage, error) {
	ctx, cancel := context.WithTimeout(ctx, handOverTimeout)
	defer cancel()
	stop := c.bound(ctx)
	defer stop()
	return c.deliver(m, a, message)
}

func (p *Pool) judge(reply string, at stage, err error) Answer {
	if err == nil {
		p.setCondition(nil)
		return Answer{Accepted: true, Text: fmt.Sprintf("250 %s", reply)}
	}
	n := code(err)
	answer := Answer{Text: explain(err)}
	switch {
	case n/100 != 5:
		return answer
	case at == stageSender, n == 503, n == 530, n == 534, n == 535, n == 538:
		// It refuses us, not this mail: 503 is a wrong order of commands, 53x wants
		// another way of signing in (RFC 4954, 6).
		p.setCondition(err)
		return answer
	default:
		p.setCondition(nil)
		answer.Permanent = true
		return answer
	}
}

// takeIdle returns an open connection that answers; nil when there is none.
func (p *Pool) takeIdle(ctx context.Context) *conn {
	for {
		p.mu.Lock()
		if len(p.idle) == 0 {
			p.mu.Unlock()
			return nil
		}
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		p.mu.Unlock()
		if time.Since(c.used) < idleCheck || c.stillOpen(ctx) {
			return c
		}
		c.broken = true
		c.close()
	}
}

func (c *conn) stillOpen(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, idleCheck)
	defer cancel()
	stop := c.bound(ctx)
	defer stop()
	return c.alive()
}

func (p *Pool) release(c *conn) {
	c.used = time.Now()
	p.mu.Lock()
	keep := !c.broken && !p.closed
	if keep {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !keep {
		c.close()
	}
}

// dial connects, after a pause that grows while connecting fails.
func (p *Pool) dial(ctx context.Context) (*conn, error) {
	p.mu.Lock()
	wait := time.Until(p.notBefore)
	p.mu.Unlock()
	if wait > 0 {
		timer := time.NewTimer(wait)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	dialing, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	c, err := dial(dialing, p.server)
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	p.mu.Lock()
	if err == nil {
		p.pause, p.notBefore = 0, time.Time{}
	} else {
		p.pause = min(max(2*p.pause, minPause), maxPause)
		p.notBefore = time.Now().Add(p.pause)
	}
	p.mu.Unlock()
	if err != nil {
		p.setCondition(err)
	}
	return c, err
}

// setCondition notes what keeps mails from being handed over, nil when nothing does,
// and logs it: when it begins, each minute, and when it ends.
func (p *Pool) setCondition(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	if err == nil {
		if p.condition.cause != nil {
			p.log.Info("the mail server takes mails again", "after", now.Sub(p.condition.since).Round(time.Millisecond).String())
		}
		p.condition = condition{}
		return
	}
	if p.condition.cause == nil {
		p.condition.since = now
	}
	p.condition.cause = err
	if now.Sub(p.condition.logged) >= time.Minute {
		p.condition.logged = now
		p.log.Warn("mails can't be handed to the mail server; they are kept and tried again",
			"server", p.server.address(), "cause", explain(err), "since", p.condition.since)
	}
}

// Condition is what has kept every mail from being handed over for longer than the
// time given; nil when nothing has.
func (p *Pool) Condition(longer time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.condition.cause == nil || time.Since(p.condition.since) < longer {
		return nil
	}
	return fmt.Errorf("the mail server %s takes no mails: %s", p.server.address(), explain(p.condition.cause))
}

// Tend closes connections that rest for too long. Call it now and then.
func (p *Pool) Tend() {
	p.mu.Lock()
	var rested []*conn
	for len(p.idle) > 0 && time.Since(p.idle[0].used) > idleLimit {
		rested = append(rested, p.idle[0])
		p.idle = p.idle[1:]
	}
	p.mu.Unlock()
	for _, c := range rested {
		c.close()
	}
}

// Close closes the connections that rest, and those in use when their mail is done.
func (p *Pool) Close() {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, c := range idle {
		c.close()
	}
}
