package domain

import "github.com/shopmesh/shopmesh/kit/etag"

// Etag names this version of the order.
func (o *Order) Etag() string { return etag.Of(o.s.ID, o.s.Version) }

// CheckEtag refuses an etag that is not the order's; an empty one fits always.
func (o *Order) CheckEtag(given string) error { return etag.Check(given, o.Etag()) }
