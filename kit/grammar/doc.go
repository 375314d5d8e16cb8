// Package grammar defines what a value of each kind looks like: e-mail addresses,
// postal addresses, times, names, ids and free text. Every contract and every
// sender uses it, so that what one context accepts no other one refuses.
//
// It is pure Go, without I/O and without state, and a domain may import it. An
// error's text completes the sentence "the field …": it names what is wrong and
// what to do, and never repeats a value that is about a person.
package grammar
