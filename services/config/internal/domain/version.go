package domain

import (
	"time"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/etag"
)

// Version is one change of a context's settings. The zero Version, with its Context, is
// that nothing was ever set.
type Version struct {
	Context string
	// Version counts the context's changes, from 1.
	Version int64
	ID      uuid.UUID
	// Value is the context's message as ProtoJSON, without the defaults.
	Value []byte
	// Actor is who made the change.
	Actor string
	// ChangedPaths are the fields that it changed.
	ChangedPaths []string
	// Restored is the version that a rollback went back to; nil for an update.
	Restored *int64
	Time     time.Time
}

// Etag names the version.
func (v Version) Etag() string { return etag.Of(v.ID, v.Version) }

// CheckEtag refuses a caller who has seen another version. Errors: ETAG_MISMATCH.
func (v Version) CheckEtag(given string) error { return etag.Check(given, v.Etag()) }
