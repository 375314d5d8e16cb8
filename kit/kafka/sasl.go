package kafka

import (
	"fmt"
	"strings"

	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"
)

// SASLPlain is the mechanism that sends the password (RFC 4616).
const SASLPlain = "PLAIN"

// SASLMechanisms are the mechanisms by which a client shows brokers who it is: the one that
// sends the password, and those that prove that they know it (RFC 5802).
func SASLMechanisms() []string { return []string{"SCRAM-SHA-512", "SCRAM-SHA-256", SASLPlain} }

// NewSASL returns a mechanism of SASLMechanisms for a name and its password.
func NewSASL(mechanism, username, password string) (sasl.Mechanism, error) {
	switch mechanism {
	case "SCRAM-SHA-512":
		return scram.Auth{User: username, Pass: password}.AsSha512Mechanism(), nil
	case "SCRAM-SHA-256":
		return scram.Auth{User: username, Pass: password}.AsSha256Mechanism(), nil
	case SASLPlain:
		return plain.Auth{User: username, Pass: password}.AsMechanism(), nil
	default:
		return nil, fmt.Errorf("%q is none of %s", mechanism, strings.Join(SASLMechanisms(), ", "))
	}
}
