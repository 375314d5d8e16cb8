// Package domain decides what happens to the money of orders. It is pure: a use
// case loads an Account under its lock, tells it what happened, and stores the
// Changes that follow. Time, ids and randomness come in through DecisionContext, so that
// the same facts always lead to the same decision.
//
// What holds in every order of what happens, and however often it is repeated:
//
//   - a payment is charged under one key, its id, and is settled once;
//   - 0 ≤ refunded ≤ captured ≤ amount, pending refunds counted;
//   - a cancelled order ends with nothing captured, or with all of it given back,
//     unless the provider declines to give it back;
//   - what was said once is said again with the same version when asked again.
package domain
