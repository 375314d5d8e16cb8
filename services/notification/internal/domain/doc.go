// Package domain decides about mails: whether one is new, what follows from an attempt
// to hand it over, when it is tried again and when given up, what may be sent again,
// and what is left of it once the person's data is erased. It is pure: time and ids
// come in, new states and events go out.
package domain
