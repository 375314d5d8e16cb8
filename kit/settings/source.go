package settings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// Config is where settings come from that a context applies.
type Config struct {
	// Context names the settings: a context's own have its name, those of the shop as a
	// whole "shop" or "edge".
	Context string
	// File holds the settings instead of the config service; empty for none.
	File string
	// Pool is the database of the context that applies them, which has Tables.
	Pool *pg.Pool
	// Peers find the config service.
	Peers *peer.Peers
	Log   *slog.Logger
}

// awayAfter is how long config may be away before that is shown: a restart is not.
const awayAfter = 10 * time.Second

// keepTimeout bounds how long the database may take to keep what is applied.
const keepTimeout = 5 * time.Second

// Source is where settings come from that a context applies. Run follows the config service.
type Source struct {
	cfg   Config
	first record

	// refused is that settings were not applied, unkept that those in force could not be
	// stored, and away that config can't be followed.
	refused, unkept, away *condition.Condition

	defaults proto.Message // nil until NewLive: there are no such settings
	apply    func(merged proto.Message, starting bool) error
	set      proto.Message // what is applied, without the defaults; only Run changes it
	kept     bool          // it is in the database
	complete bool          // nothing that it names is missing

	mu      sync.Mutex
	version int64
	changed chan struct{} // closed with the next change
}

// NewSource reads what was applied last. It waits for the database until ctx ends.
func NewSource(ctx context.Context, cfg Config) (*Source, error) {
	s := &Source{
		cfg: cfg, changed: make(chan struct{}),
		refused: condition.New(cfg.Log, "not all settings are applied"),
		unkept:  condition.New(cfg.Log, "the settings in force are not kept for the next start"),
		away:    condition.New(cfg.Log, "changes of settings are not known; those that were applied last stay in force"),
	}
	if cfg.File != "" {
		return s, nil
	}
	var err error
	s.first, err = last(ctx, cfg.Pool, cfg.Context)
	return s, err
}

// Context names the settings.
func (s *Source) Context() string { return s.cfg.Context }

// Version returns the version of the settings that is applied; 0 for the defaults and for
// those of a file.
func (s *Source) Version() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.version
}

// Changed returns a channel that is closed when other settings are applied.
func (s *Source) Changed() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.changed
}

// Conditions are what is wrong with the settings: some are not applied, those in force are
// not kept, or the config service has been away for a while.
func (s *Source) Conditions() []error {
	return slices.DeleteFunc([]error{s.refused.Err(0), s.unkept.Err(0), s.away.Err(awayAfter)}, func(err error) bool { return err == nil })
}

// open applies what was applied last, as far as that still can be.
func (s *Source) open(defaults proto.Message, apply func(merged proto.Message, starting bool) error) error {
	s.defaults, s.apply = defaults, apply
	if s.cfg.Peers != nil {
		s.cfg.Peers.Client(configService) // so that a missing URL is reported at start
	}
	set := empty(defaults)
	var problems []error
	if s.first.version > 0 {
		problems = append(problems, Decode(s.first.value, set))
	}
	err := s.try(set, true)
	if err != nil && !isMissing(err) {
		problems = append(problems, err)
		broken, _ := Violations(Merge(defaults, set))
		without(set, broken)
		err = s.try(set, true)
	}
	if err != nil && !isMissing(err) {
		problems = append(problems, err)
		set = empty(defaults)
		err = s.try(set, true)
	}
	if s.complete = err == nil; !s.complete {
		if !isMissing(err) {
			return fmt.Errorf("the default settings of %s can't be applied: %w", s.cfg.Context, err)
		}
		problems = append(problems, err)
	}
	problem := errors.Join(problems...)
	s.version, s.set, s.kept = s.first.version, set, problem == nil
	if problem != nil {
		s.refused.Note(context.Background(), fmt.Errorf("version %d of the settings of %s: %w", s.first.version, s.cfg.Context, problem))
	}
	return nil
}

func empty(like proto.Message) proto.Message { return like.ProtoReflect().New().Interface() }

// try applies settings over the defaults, or returns why they can't be. Those that are only
// Missing something are applied nevertheless when the context starts.
func (s *Source) try(set proto.Message, starting bool) error {
	merged := Merge(s.defaults, set)
	if err := validate(merged); err != nil {
		return err
	}
	return s.apply(merged, starting)
}

// adopt applies a version of the settings that the config service sent, and keeps it for
// the next start. What can't be applied is shown by Conditions; the error is that of
// keeping it.
func (s *Source) adopt(ctx context.Context, version int64, set proto.Message) error {
	before := s.Version()
	if version == before && proto.Equal(set, s.set) && s.complete {
		s.refused.Over(ctx) // a version that was refused is taken back
		return s.keep(ctx)
	}
	if err := s.try(set, false); err != nil {
		s.refused.Note(ctx, fmt.Errorf("version %d of the settings of %s, and version %d is still in force: %w", version, s.cfg.Context, before, err))
		return nil
	}
	s.refused.Over(ctx)
	s.cfg.Log.InfoContext(ctx, "other settings are in force", "of", s.cfg.Context, "version", version, "before", before)
	s.set, s.kept, s.complete = set, false, true
	s.applied(version)
	return s.keep(ctx)
}

// applied shows that another version is in force.
func (s *Source) applied(version int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.version = version
	close(s.changed)
	s.changed = make(chan struct{})
}

// keep writes what is applied into the database. A stop does not end that: what was in force
// before it is in force after it, though config may be away by then.
func (s *Source) keep(ctx context.Context) error {
	if s.kept {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keepTimeout)
	defer cancel()
	text, err := Encode(s.set)
	if err != nil {
		return err
	}
	err = keep(ctx, s.cfg.Pool, s.cfg.Context, record{s.Version(), text})
	s.kept = err == nil
	return err
}
