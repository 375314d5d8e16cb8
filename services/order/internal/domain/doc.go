// Package domain holds what an order is and how it may change: the one table of
// allowed moves, prices and totals, the payment methods, what an order waits for, and
// the decision that each event of another context leads to. It is pure: time, ids and
// random numbers come in as arguments.
package domain
