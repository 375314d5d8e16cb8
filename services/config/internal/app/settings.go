// Package app holds the use cases about settings, one file each.
package app

import (
	"context"
	"log/slog"
	"time"

	"github.com/google/uuid"

	configv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/config/v1"
	edgev1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/edge/v1"
	"github.com/shopmesh/shopmesh/kit/activity"
	"github.com/shopmesh/shopmesh/kit/authz"
	"github.com/shopmesh/shopmesh/kit/fault"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/settings"
	"github.com/shopmesh/shopmesh/services/config/internal/domain"
	"github.com/shopmesh/shopmesh/services/config/internal/protoconv"
	"github.com/shopmesh/shopmesh/services/config/internal/store"
)

// Deps are what the use cases need.
type Deps struct {
	// Pool is config's database.
	Pool *pg.Pool
	// File holds the settings instead of the database, which then can't be changed here;
	// empty for none.
	File string
	// DefaultEdge returns what holds at the edge where nobody set anything: it depends on
	// whether the process limits, which its contract does not know.
	DefaultEdge func() *edgev1.Settings
	// Changes wakes those who watch.
	Changes *Changes
	// Now is the time, in whole microseconds as the database keeps it.
	Now func() time.Time
	// NewID returns a UUIDv7.
	NewID func() uuid.UUID
	Log   *slog.Logger
}

// Settings are the use cases about the settings of all contexts.
type Settings struct{ Deps }

// change is a change of a context's settings.
type change struct {
	context, etag string
	// field is what the request calls the settings: a prefix of violations' paths.
	field        string
	validateOnly bool
	// decide returns the settings as they are to be, and the version that they were restored
	// from.
	decide func(ctx context.Context, st store.Store, current *configv1.Settings) (next *configv1.Settings, restored *int64, err error)
}

// write makes a change and returns the settings after it. What changes nothing makes no
// version, whatever its etag. Errors: CONTEXT_NOT_FOUND, SETTINGS_READ_ONLY, ETAG_MISMATCH, SETTINGS_INVALID,
// STEP_UP_REQUIRED, decide's.
func (s *Settings) write(ctx context.Context, c change) (*configv1.Settings, error) {
	activity.About(ctx, "settings/"+c.context)
	if err := protoconv.CheckContext(c.context); err != nil {
		return nil, err
	}
	if s.File != "" {
		return nil, domain.ErrReadOnly()
	}
	var after *configv1.Settings
	err := s.Pool.InTx(ctx, func(ctx context.Context, tx *pg.Tx) error {
		st := store.On(tx)
		if err := st.Lock(ctx); err != nil {
			return err
		}
		newest, err := st.Newest(ctx)
		if err != nil {
			return err
		}
		after, err = s.writeIn(ctx, tx, newest, c)
		return err
	})
	return after, err
}

func (s *Settings) writeIn(ctx context.Context, tx *pg.Tx, newest map[string]domain.Version, c change) (*configv1.Settings, error) {
	st := store.On(tx)
	before := newest[c.context]
	before.Context = c.context
	current := s.read(ctx, before)
	next, restored, err := c.decide(ctx, st, current)
	if err == nil {
		err = s.check(ctx, newest, current, next, c.field)
	}
	var paths []string
	if err == nil {
		paths = activity.Paths(protoconv.Value(current), protoconv.Value(next))
	}
	unchanged := err == nil && len(paths) == 0
	if stale := before.CheckEtag(c.etag); stale != nil && !unchanged {
		return nil, stale
	}
	if err != nil {
		return nil, err
	}
	if unchanged {
		// Whatever the etag: a change that was done is not refused when it is sent again.
		activity.Unchanged(ctx)
		if c.validateOnly {
			current.Etag = ""
		}
		return current, nil
	}
	if domain.NeedsProof(c.context, paths) {
		if err := authz.SteppedUp(authz.Caller(ctx), s.Now()); err != nil {
			return nil, err
		}
	}
	version := domain.Version{
		Context: c.context, Version: before.Version + 1, ID: s.NewID(), Actor: authz.Caller(ctx).Key(),
		ChangedPaths: paths, Restored: restored, Time: s.Now(),
	}
	if version.Value, err = settings.Encode(protoconv.Value(next)); err != nil {
		return nil, err
	}
	after, err := protoconv.Settings(version)
	if err != nil {
		return nil, err
	}
	if c.validateOnly {
		activity.Unchanged(ctx)
		after.Etag = ""
		return after, nil
	}
	activity.Changed(ctx, "settings/"+c.context, protoconv.Value(current), protoconv.Value(next))
	tx.OnCommit(s.Changes.Wake)
	return after, st.Insert(ctx, version)
}

// check refuses settings that break a rule of their own message, or one about the settings
// of several contexts that held before. Errors: SETTINGS_INVALID.
func (s *Settings) check(ctx context.Context, newest map[string]domain.Version, current, next *configv1.Settings, field string) error {
	rules, err := settings.Violations(protoconv.Value(next))
	if err != nil {
		return err
	}
	var broken []fault.Violation
	for _, rule := range rules {
		broken = append(broken, fault.Violation{Field: next.GetContext() + "." + rule.Field, Description: rule.Description})
	}
	if len(broken) == 0 {
		all := map[string]*configv1.Settings{current.GetContext(): current}
		of := func(context string) *configv1.Settings {
			if all[context] == nil {
				version := newest[context]
				version.Context = context
				all[context] = s.read(ctx, version)
			}
			return all[context]
		}
		before := protoconv.Shop(of)
		all[next.GetContext()] = next
		broken = protoconv.Shop(of).BrokenBy(next.GetContext(), before)
	}
	return domain.ErrInvalid("these settings of "+next.GetContext()+" can't be set", field, broken)
}

// read translates a stored version. Fields that can't be read count as not set: the other
// fields hold, and a change of the settings still is possible.
func (s *Settings) read(ctx context.Context, v domain.Version) *configv1.Settings {
	set, err := protoconv.Settings(v)
	if err != nil {
		s.Log.WarnContext(ctx, "stored settings can't be read, and count as not set", "context", v.Context, "version", v.Version, "error", err.Error())
	}
	return set
}

// fromFile reads the settings of a context from the file.
func (s *Settings) fromFile(context string) (*configv1.Settings, error) {
	set := protoconv.Empty(context)
	return set, settings.Section(s.File, context, protoconv.Value(set))
}
