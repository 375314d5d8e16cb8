package main

import (
	"io"
	"log/slog"

	"github.com/shopmesh/shopmesh/kit/app"
)

// The environment variables, and the addresses where they name none: this machine alone
// reaches them.
const (
	dataVariable       = "SHOPMESH_INBOX_DATA"
	smtpListenVariable = "SHOPMESH_INBOX_SMTP_LISTEN"
	listenVariable     = "SHOPMESH_INBOX_LISTEN"

	defaultSMTPListen = "127.0.0.1:1025"
	defaultListen     = "127.0.0.1:8025"
)

func variables() []app.Variable {
	return []app.Variable{
		{Name: dataVariable, About: "the folder that the mails are kept in; required"},
		{Name: smtpListenVariable, About: "the address for mails; " + defaultSMTPListen + " by default"},
		{Name: listenVariable, About: "the address of the pages and of the probes /livez and /readyz; " + defaultListen + " by default"},
		{Name: app.LogLevelVariable, About: "debug, info, warn or error; info by default"},
	}
}

// config is what the variables hold.
type config struct {
	data               string
	smtpListen, listen string
}

// readConfig reads the environment. The problems name everything that is missing, wrong or
// unknown.
func readConfig(environ []string, stderr io.Writer) (*slog.Logger, config, []error) {
	var read config
	problems := app.CheckNames(environ, variables())
	problem := func(err error) {
		if err != nil {
			problems = append(problems, err)
		}
	}
	log, err := app.LogFromEnv(environ, stderr)
	problem(err)
	read.data, err = app.FolderFromEnv(environ, dataVariable, "/var/lib/shopmesh/inbox")
	problem(err)
	read.smtpListen, err = app.AddressFromEnv(environ, smtpListenVariable, defaultSMTPListen)
	problem(err)
	read.listen, err = app.AddressFromEnv(environ, listenVariable, defaultListen)
	problem(err)
	return log, read, problems
}
