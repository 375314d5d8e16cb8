package token

import (
	"fmt"
	"sync"
	"time"
)

// Issuer issues access tokens. It is safe for concurrent use.
type Issuer struct {
	issuer, audience string
	key              *Key
	clock            func() time.Time
}

// NewIssuer returns an Issuer that signs with the key, under a name (iss) and for an
// audience (aud) that verifiers compare.
func NewIssuer(issuer, audience string, key *Key, clock func() time.Time) *Issuer {
	return &Issuer{issuer: issuer, audience: audience, key: key, clock: clock}
}

// Access returns an access token with these claims. Its life, counted in whole seconds, may
// be no longer than verifiers take: OperatorLife from the operator's socket, APIKeyLife for
// an API key, else AccessLife.
func (i *Issuer) Access(content AccessClaims, life time.Duration) (string, error) {
	if err := content.check(); err != nil {
		return "", fmt.Errorf("issue an access token: %w", err)
	}
	if life < time.Second || life > content.life() {
		return "", fmt.Errorf("issue an access token: its life would be %s, and may be %s", life, content.life())
	}
	encoded := content.encode()
	encoded.Issuer, encoded.Audience = i.issuer, i.audience
	encoded.stamp(i.clock(), life)
	return sign(i.key, accessType, encoded)
}

func (c *claims) stamp(now time.Time, life time.Duration) {
	issued := now.Unix()
	expires := issued + int64(life/time.Second)
	c.IssuedAt, c.NotBefore, c.Expires = &issued, &issued, &expires
}

// ServiceSigner issues the tokens by which one context shows another who it is. It is safe
// for concurrent use.
type ServiceSigner struct {
	context string
	key     *Key
	clock   func() time.Time

	mu     sync.Mutex
	issued map[string]issuedToken // by called context
}

type issuedToken struct {
	text  string
	renew time.Time
}

// NewServiceSigner returns a signer of the tokens of a context, such as "order".
func NewServiceSigner(context string, key *Key, clock func() time.Time) *ServiceSigner {
	return &ServiceSigner{context: context, key: key, clock: clock, issued: make(map[string]issuedToken)}
}

// Context returns the name of the context whose tokens it signs.
func (s *ServiceSigner) Context() string { return s.context }

// For returns a token for calls to a context, such as "catalog". It is good for at least
// half of ServiceLife, and the same one until then.
func (s *ServiceSigner) For(callee string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock()
	if known, ok := s.issued[callee]; ok && now.Before(known.renew) {
		return known.text, nil
	}
	content := claims{Issuer: s.context, Audience: callee}
	content.stamp(now, ServiceLife)
	text, err := sign(s.key, serviceType, content)
	if err != nil {
		return "", fmt.Errorf("sign a token of %s for %s: %w", s.context, callee, err)
	}
	s.issued[callee] = issuedToken{text: text, renew: now.Add(ServiceLife / 2)}
	return text, nil
}
