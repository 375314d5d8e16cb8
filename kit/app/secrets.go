package app

import (
	"errors"
	"fmt"
	"os"
	"regexp"
)

// secretPrefix begins the names of the variables that hold secrets.
const secretPrefix = Prefix + "SECRET_"

// secretVariable is the name of a variable that holds a secret, or of one that names its
// file. Which there are is for the settings to state.
var secretVariable = regexp.MustCompile(`^` + secretPrefix + `[A-Z][A-Z0-9_]*$`) //nolint:gochecknoglobals // a constant

// Secrets returns the value of a secret that settings name. The secret NAME is what
// SHOPMESH_SECRET_NAME holds, or what the file holds that SHOPMESH_SECRET_NAME_FILE names.
// The error names the variable that is missing or wrong, and never holds a value.
type Secrets func(name string) (value string, err error)

// SecretsFromEnv finds secrets in the environment of this process. A file is read each time.
func SecretsFromEnv() Secrets { return secretsFrom(os.Environ()) }

func secretsFrom(environ []string) Secrets {
	return func(name string) (string, error) {
		reader := newEnvReader(environ)
		value := reader.credential(secretPrefix + name)
		if value == "" && len(reader.problems) == 0 {
			reader.problem("the settings name the secret %s, and neither %s nor %s_FILE is set", name, secretPrefix+name, secretPrefix+name)
		}
		return value, errors.Join(reader.problems...)
	}
}

// Value returns the value of a secret. Where there are no Secrets, each is missing.
func (s Secrets) Value(name string) (string, error) {
	if s == nil {
		return "", fmt.Errorf("the settings name the secret %s, and this process has no secrets", name)
	}
	return s(name)
}
