// Package domain decides who may get a token, what it states, and which key signs it.
package domain
