// Package token holds the tokens that show who calls: their forms, how they are issued and
// how they are verified. Access and service tokens are JWTs; refresh tokens, mailed links,
// the tokens of guests' orders and carts, and API keys are opaque: a prefix that names the
// kind, bytes, and a checksum. docs/security.md lists them with their lives.
//
// A token is a secret. No error, log line or trace of this package holds one, nor a part of
// one.
package token
