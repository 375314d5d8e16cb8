package app

import "github.com/google/uuid"

// An API key's token holds its id and then random bytes.
const (
	keyIDBytes     = len(uuid.UUID{})
	keySecretBytes = 32
)
