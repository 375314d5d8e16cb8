package app

import (
	"errors"
	"io"
)

// ReadEnvironment is what Main does with os.Environ().
func ReadEnvironment(program Program, environ []string) (Environment, error) {
	_, env, problems := program.environment(environ, io.Discard)
	return env, errors.Join(problems...)
}
