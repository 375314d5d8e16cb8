// Package crashpoint marks the boundaries at which a process that dies leaves something
// half done: a commit, a produce, an offset commit, a call to another machine. Code that
// crosses a boundary calls Cross before and after it.
//
// A build without the tag crashpoints compiles the calls away. A build with the tag
// records the points that it passes (FileVariable), and kills itself at a chosen one
// (PointVariable, TimeVariable), so that a test can stop the shop at each point and check
// what follows.
package crashpoint

import (
	"context"
	"strings"
)

// The environment of a build with the tag crashpoints.
const (
	// FileVariable names a file to which a line is appended, a Crossing in JSON, each
	// time that a boundary is crossed. Unset, nothing is written down.
	FileVariable = "SHOPMESH_CRASHPOINT_FILE"
	// PointVariable is the Point at which the process dies. Unset, it does not.
	PointVariable = "SHOPMESH_CRASHPOINT"
	// TimeVariable is at which time of reaching the point, from 1. Unset means 1.
	TimeVariable = "SHOPMESH_CRASHPOINT_TIME"
)

// Point is a place in the life of a process: the boundary, where it is, and what
// crosses it, as in "before produce · order · OrderPlaced".
type Point string

// PointOf names a point; what is empty when everything that crosses there is the same.
func PointOf(boundary, where, what string) Point {
	parts := []string{boundary, where}
	if what != "" {
		parts = append(parts, what)
	}
	return Point(strings.Join(parts, separator))
}

const separator = " · "

// Boundary is the boundary that the point belongs to.
func (p Point) Boundary() string {
	boundary, _, _ := strings.Cut(string(p), separator)
	return boundary
}

// Where is where the boundary is crossed: a database, a topic's context, a group.
func (p Point) Where() string {
	_, rest, _ := strings.Cut(string(p), separator)
	where, _, _ := strings.Cut(rest, separator)
	return where
}

// What is what crosses it; empty where everything that crosses is the same.
func (p Point) What() string {
	_, rest, _ := strings.Cut(string(p), separator)
	_, what, _ := strings.Cut(rest, separator)
	return what
}

// Crossing is one call of Cross. It has more than one point when several things crossed
// the boundary together.
type Crossing struct {
	Points []Point `json:"points"`
	// Died is true when the process ended there.
	Died bool `json:"died,omitempty"`
}

type withinKey struct{}

// Within adds to the context what the boundaries below it are crossed for, which becomes
// a part of their points. Call it only where On is true.
func Within(ctx context.Context, what []string) context.Context {
	return context.WithValue(ctx, withinKey{}, what)
}

// WhatFor is what Within added; nil when nothing was.
func WhatFor(ctx context.Context) []string {
	what, _ := ctx.Value(withinKey{}).([]string)
	return what
}

// Short is a message type's name without its package.
func Short(eventType string) string { return eventType[strings.LastIndexByte(eventType, '.')+1:] }
