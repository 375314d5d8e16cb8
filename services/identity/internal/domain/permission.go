package domain

import "slices"

// Permission is what a member of staff may do, numbered as in
// shopmesh.options.v1.Permission.
type Permission int32

// writes are the permissions to change something that is not the holder's own, to give
// money back, and to operate the system.
var writes = []Permission{1, 3, 5, 7, 9, 11, 12, 15, 17}

// HoldsWrite reports whether one of the permissions changes something: only owners touch
// an account that holds one.
func HoldsWrite(permissions []Permission) bool {
	return slices.ContainsFunc(permissions, func(p Permission) bool { return slices.Contains(writes, p) })
}

// sorted returns each permission once, in order.
func sorted(permissions []Permission) []Permission {
	return slices.Compact(slices.Sorted(slices.Values(permissions)))
}

// Actor is who changes accounts.
type Actor struct {
	AccountID   [16]byte
	Owner       bool
	Permissions []Permission
}

// lacks returns the first permission that the actor does not hold.
func (a Actor) lacks(permissions []Permission) (Permission, bool) {
	for _, p := range permissions {
		if !a.Owner && !slices.Contains(a.Permissions, p) {
			return p, true
		}
	}
	return 0, false
}
