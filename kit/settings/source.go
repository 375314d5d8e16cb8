package settings

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/shopmesh/shopmesh/kit/condition"
	"github.com/shopmesh/shopmesh/kit/peer"
	"github.com/shopmesh/shopmesh/kit/pg"
)

// Config is where a context's settings come from.
type Config struct {
	// Context is the context's name.
	Context string
	// File holds the settings instead of the config service; empty for none.
	File string
	// Pool is the context's database, which has Tables.
	Pool *pg.Pool
	// Peers find the config service.
	Peers *peer.Peers
	Log   *slog.Logger
}

// awayAfter is how long config may be away before that is shown: a restart is not.
const awayAfter = 10 * time.Second

// Source is where a context's settings come from. Run follows the config service.
type Source struct {
	cfg   Config
	first record

	// refused is that settings were not applied, and away that config can't be followed.
	refused, away *condition.Condition

	defaults proto.Message // nil until NewLive: a context without settings
	apply    func(merged proto.Message) error

	mu      sync.Mutex
	version int64
	set     proto.Message // what is applied, without the defaults
	kept    bool          // it is in the database
	changed chan struct{} // closed with the next change
}

// NewSource reads what the context applied last. It waits for the database until ctx ends.
func NewSource(ctx context.Context, cfg Config) (*Source, error) {
	s := &Source{
		cfg: cfg, changed: make(chan struct{}),
		refused: condition.New(cfg.Log, "not all settings are applied; what can't be keeps its value from before, or its default"),
		away:    condition.New(cfg.Log, "changes of settings are not known; those that were applied last stay in force"),
	}
	if cfg.File != "" {
		return s, nil
	}
	var err error
	s.first, err = last(ctx, cfg.Pool)
	return s, err
}

// Version returns the version of the settings that the context applies; 0 for its
// defaults and for those of a file.
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

// Conditions are what is wrong with the settings: some are not applied, or the config
// service has been away for a while.
func (s *Source) Conditions() []error {
	return slices.DeleteFunc([]error{s.refused.Err(0), s.away.Err(awayAfter)}, func(err error) bool { return err == nil })
}

// open applies what was applied last, as far as that still can be.
func (s *Source) open(defaults proto.Message, apply func(proto.Message) error) error {
	s.defaults, s.apply = defaults, apply
	if s.cfg.Peers != nil {
		s.cfg.Peers.Client(configService) // so that a missing URL is reported at start
	}
	set := empty(defaults)
	var problems []error
	if s.first.version > 0 {
		problems = append(problems, Decode(s.first.value, set))
	}
	err := s.try(set)
	if err != nil {
		problems = append(problems, err)
		broken, _ := Violations(Merge(defaults, set))
		without(set, broken)
		err = s.try(set)
	}
	if err != nil {
		problems = append(problems, err)
		set = empty(defaults)
		err = s.try(set)
	}
	if err != nil {
		return fmt.Errorf("the default settings of %s can't be applied: %w", s.cfg.Context, err)
	}
	problem := errors.Join(problems...)
	s.version, s.set, s.kept = s.first.version, set, problem == nil
	if problem != nil {
		s.refused.Note(context.Background(), fmt.Errorf("version %d: %w", s.first.version, problem))
	}
	return nil
}

func empty(like proto.Message) proto.Message { return like.ProtoReflect().New().Interface() }

// try applies settings over the defaults, or returns why they can't be.
func (s *Source) try(set proto.Message) error {
	merged := Merge(s.defaults, set)
	broken, err := Violations(merged)
	if err != nil {
		return err
	}
	if len(broken) > 0 {
		var texts []string
		for _, field := range slices.Sorted(maps.Keys(broken)) {
			texts = append(texts, field+": "+broken[field])
		}
		return errors.New(strings.Join(texts, "; "))
	}
	return s.apply(merged)
}

// adopt applies a version of the settings that the config service sent, and keeps it for
// the next start. What can't be applied is shown by Conditions; the error is that of
// keeping it.
func (s *Source) adopt(ctx context.Context, version int64, set proto.Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if version == s.version && proto.Equal(set, s.set) {
		s.refused.Over(ctx) // a version that was refused is taken back
		return s.keep(ctx)
	}
	if err := s.try(set); err != nil {
		s.refused.Note(ctx, fmt.Errorf("version %d, and version %d is still in force: %w", version, s.version, err))
		return nil
	}
	s.refused.Over(ctx)
	s.cfg.Log.InfoContext(ctx, "other settings are in force", "version", version, "before", s.version)
	s.version, s.set, s.kept = version, set, false
	close(s.changed)
	s.changed = make(chan struct{})
	return s.keep(ctx)
}

func (s *Source) keep(ctx context.Context) error {
	if s.kept {
		return nil
	}
	text, err := Encode(s.set)
	if err != nil {
		return err
	}
	err = keep(ctx, s.cfg.Pool, record{s.version, text})
	s.kept = err == nil
	return err
}
