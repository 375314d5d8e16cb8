package domain

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Etag names this version of the order, in 16 characters.
func (o *Order) Etag() string {
	sum := sha256.Sum256(binary.BigEndian.AppendUint64(o.ID[:], uint64(o.Version)))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

// CheckEtag refuses an etag that is not the order's; an empty one fits always.
func (o *Order) CheckEtag(etag string) error {
	if etag == "" || etag == o.Etag() {
		return nil
	}
	return fault.New(fault.Aborted, fault.ReasonEtagMismatch,
		"order %s changed since it was read: read it again", o.Number).With("etag", o.Etag())
}
