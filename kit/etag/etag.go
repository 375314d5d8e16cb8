// Package etag names versions of resources (https://google.aip.dev/154).
package etag

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Of names one version of a resource, in 16 characters. It is a digest, so that
// nobody counts on what it is made of.
func Of(id uuid.UUID, version int64) string {
	digest := sha256.Sum256(binary.BigEndian.AppendUint64(id[:], uint64(version)))
	return base64.RawURLEncoding.EncodeToString(digest[:12])
}

// Check refuses a caller who has seen another version than the current one
// (ABORTED, ETAG_MISMATCH); an empty etag means no check.
func Check(given, current string) error {
	if given == "" || given == current {
		return nil
	}
	return fault.New(fault.Aborted, fault.ReasonEtagMismatch,
		"etag %q is not the current one: read it again and repeat the change", given)
}
