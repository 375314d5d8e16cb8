// Package domain holds the rules of the stock: what may be adjusted, what an
// order's events do to its reservation, and what follows from them. Its decisions
// are pure functions of loaded state, events and the time.
package domain
