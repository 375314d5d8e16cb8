package settings

import (
	"errors"
	"sync/atomic"

	"google.golang.org/protobuf/proto"
)

// Live are the settings of a context while they can change.
type Live[T any] struct {
	now     atomic.Pointer[T]
	changed func() <-chan struct{}
}

// Now returns the settings as they are. A call or a batch reads them once and hands them
// down, so that it does not see half of a change.
func (l *Live[T]) Now() T { return *l.now.Load() }

// Changed returns a channel that is closed when other settings are in force: for what waits
// for the time that a setting states.
func (l *Live[T]) Changed() <-chan struct{} { return l.changed() }

// Fixed returns settings that never change.
func Fixed[T any](value T) *Live[T] {
	live := &Live[T]{changed: func() <-chan struct{} { return nil }}
	live.now.Store(&value)
	return live
}

// Missing is read's error about settings that are right, and that name what the process was
// not given, such as a secret. While settings are in force that were complete, these are not
// applied. At a start there are none to fall back on: the value that read returns beside the
// error is put in force, and must work without what is missing.
type Missing struct{ Err error }

func (m *Missing) Error() string { return m.Err.Error() }

// Unwrap returns what is missing.
func (m *Missing) Unwrap() error { return m.Err }

func isMissing(err error) bool {
	_, is := errors.AsType[*Missing](err)
	return is
}

// NewLive returns the settings of a source: defaults, overridden by what is set, and
// translated by read, which may refuse them; see Missing for what it can't find. It is
// called once for a source. With a file, what can't be applied is an error. Without one,
// the settings that were applied last apply again; if they can't any more, those of them
// that can.
func NewLive[M proto.Message, T any](source *Source, defaults M, read func(M) (T, error)) (*Live[T], error) {
	live := &Live[T]{changed: source.Changed}
	apply := func(merged proto.Message, starting bool) error {
		value, err := read(merged.(M))
		if err == nil || starting && isMissing(err) {
			live.now.Store(&value)
		}
		return err
	}
	if source.cfg.File != "" {
		merged, err := Load(source.cfg.File, source.cfg.Context, defaults)
		if err != nil {
			return nil, err
		}
		return live, apply(merged, false)
	}
	return live, source.open(defaults, apply)
}
