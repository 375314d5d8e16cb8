package app

import (
	"context"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
)

// Watch sends the settings of a context as they are, and again whenever they changed, until
// ctx ends or send fails. Errors: CONTEXT_NOT_FOUND; those of send and of ctx.
func (s *Settings) Watch(ctx context.Context, name string, send func(*configv1.Settings) error) error {
	defer s.Changes.watch()()
	sent := ""
	for {
		changed := s.Changes.Next() // before reading, so that no change falls between
		current, err := s.Get(ctx, name)
		if err != nil {
			return err
		}
		if current.GetEtag() != sent || sent == "" {
			if err := send(current); err != nil {
				return err
			}
			sent = current.GetEtag()
		}
		if s.File != "" {
			changed = nil // it is read at start only
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}
