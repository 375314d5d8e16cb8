// Package passwords hashes passwords with argon2id, one at a time, so that sign-ins take a
// bounded part of a machine however many come.
package passwords

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// params are argon2id's costs.
type params struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
}

// current are OWASP's: 19 MiB, two passes, one thread.
func current() params { return params{memory: 19 * 1024, time: 2, threads: 1} }

const (
	saltBytes = 16
	hashBytes = 32
	// Bounds on what a stored hash may make us do.
	maxMemory = 256 * 1024
	maxTime   = 16
)

var b64 = base64.RawStdEncoding

// encoded is a hash in the PHC string format:
// $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
type encoded struct {
	params
	salt, hash []byte
}

func (e encoded) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, e.memory, e.time, e.threads,
		b64.EncodeToString(e.salt), b64.EncodeToString(e.hash))
}

func derive(password []byte, p params, salt []byte) []byte {
	return argon2.IDKey(password, salt, p.time, p.memory, p.threads, hashBytes)
}

func newSalt() []byte {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // it never fails
	return salt
}

var errForm = errors.New("a stored password hash is not in the form $argon2id$v=19$m=…,t=…,p=…$salt$hash")

func decode(text string) (encoded, error) {
	var e encoded
	part := strings.Split(text, "$")
	if len(part) != 6 || part[0] != "" || part[1] != "argon2id" || part[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return e, errForm
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &e.memory, &e.time, &e.threads); err != nil {
		return e, errForm
	}
	var err error
	if e.salt, err = b64.DecodeString(part[4]); err != nil {
		return e, errForm
	}
	if e.hash, err = b64.DecodeString(part[5]); err != nil {
		return e, errForm
	}
	if len(e.salt) < 8 || len(e.salt) > maxSalt || len(e.hash) != hashBytes || e.memory > maxMemory || e.time > maxTime || e.time < 1 || e.threads < 1 {
		return e, errForm
	}
	return e, nil
}
