package app

import "github.com/shopmesh/shopmesh/services/identity/internal/domain"

// ListSigningKeys returns the keys whose tokens may be in use, the newest first.
func (s *SigningKeys) ListSigningKeys() domain.SigningKeys {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.keys.Published(s.Now())
}
