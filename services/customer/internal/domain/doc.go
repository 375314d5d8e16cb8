// Package domain decides about who buys: a person with an e-mail address that nobody
// else has, the addresses that goods are sent to, and the right to be forgotten.
package domain
