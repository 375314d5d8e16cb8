// Package domain decides what happens to the money of orders. It is pure: a use
// case loads an Account under its lock, applies what happened, and stores the
// Changes that follow. Time, ids and randomness come in through a DecisionContext,
// so that the same input always leads to the same decision.
//
// What holds in every order of events, and however often they are repeated:
//
//   - a payment is charged under one key, its id, and its outcome is decided once;
//   - 0 ≤ refunded ≤ captured ≤ amount, and pending refunds that the shop requests
//     are counted against what is left;
//   - a cancelled order ends with nothing captured, or with all of it given back,
//     unless the provider refuses to give it back;
//   - an event that is republished has the version and content of the first time.
package domain
