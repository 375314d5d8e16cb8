package app

import (
	"context"
	"time"

	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
	"github.com/shopmesh/shopmesh/services/identity/internal/store"
)

// rotationPause is how often a process looks whether a key is due, and for the keys that
// other replicas added: much more often than a key is published ahead.
const rotationPause = time.Minute

// Rotate adds the key that is due and removes those whose last token has expired, and then
// takes over all keys that there are. Of several replicas the first one decides.
func (s *SigningKeys) Rotate(ctx context.Context) error {
	if err := s.load(ctx); err != nil {
		return err
	}
	s.mu.RLock()
	due := !s.keys.Rotate(s.Now(), s.Settings.Now().SigningKeyPeriod).None()
	s.mu.RUnlock()
	if !due {
		return nil
	}
	if err := s.Pool.Hot().InTx(ctx, s.rotate); err != nil {
		return err
	}
	return s.load(ctx)
}

func (s *SigningKeys) rotate(ctx context.Context, tx *pg.Tx) error {
	st := store.On(tx)
	if err := st.LockSigningKeys(ctx); err != nil {
		return err
	}
	keys, err := st.SigningKeys(ctx)
	if err != nil {
		return err
	}
	now := s.Now()
	rotation := keys.Rotate(now, s.Settings.Now().SigningKeyPeriod)
	if rotation.None() {
		return nil // another replica was first
	}
	var added domain.SigningKey
	if rotation.Add {
		if added, err = s.create(now, rotation.ActivateTime); err != nil {
			return err
		}
		if err := st.InsertSigningKey(ctx, added); err != nil {
			return err
		}
	}
	for _, retired := range rotation.Retire {
		if err := st.RetireSigningKey(ctx, retired); err != nil {
			return err
		}
	}
	if err := st.DeleteSigningKeys(ctx, rotation.Remove); err != nil {
		return err
	}
	tx.OnCommit(func() {
		s.Log.Info("the signing keys were rotated", "added", added.KID, "signs_from", added.ActivateTime, "removed", rotation.Remove)
	})
	return nil
}

// RunRotation rotates the keys until ctx ends.
func (s *SigningKeys) RunRotation(ctx context.Context) error {
	pause := time.NewTicker(rotationPause)
	defer pause.Stop()
	for {
		if err := s.Rotate(ctx); err != nil && ctx.Err() == nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-pause.C:
		}
	}
}
