package app

import (
	"errors"
	"io"
	"log/slog"
	"os"

	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/telemetry"
)

// Environment is what the SHOPMESH_… variables hold.
type Environment struct {
	// Process is how the process is reached.
	Process Process
	// Context is what its context runs on.
	Context ContextConfig
	// SMTPURL is where mail goes, such as "smtp://mail:25"; empty when not set.
	SMTPURL string
	// PublicURL is where the shop is reached; empty when not set.
	PublicURL string
	// ServiceKey is the service's private key, and ServiceKeys names the file with the
	// public keys of all services; empty when not set.
	ServiceKey, ServiceKeys string
}

// The addresses that a process listens on by default: this machine alone reaches them.
const (
	DefaultListen         = "127.0.0.1:8080"
	DefaultInternalListen = "127.0.0.1:9090"
)

// OperatorSocketVariable names where a service alone opens the operator's socket.
const OperatorSocketVariable = "SHOPMESH_OPERATOR_SOCKET"

// The variables of a service's own key, and of the public keys of all of them.
const (
	ServiceKeyVariable  = "SHOPMESH_SERVICE_KEY"
	ServiceKeysVariable = "SHOPMESH_SERVICE_KEYS"
)

// LogLevelVariable names the least level that is logged.
const LogLevelVariable = "SHOPMESH_LOG_LEVEL"

// environment reads the environment of a process that holds one context. The problems
// name everything that is missing, wrong or unknown, and no value of a credential.
func (p Program) environment(environ []string, stderr io.Writer) (*slog.Logger, Environment, []error) {
	reader := newEnvReader(environ)
	log := telemetry.LogTo(stderr, reader.level(LogLevelVariable))
	env := Environment{
		Process: Process{
			Name: p.Name, Version: ReadBuild().Short(),
			Listen:         reader.address("SHOPMESH_LISTEN", DefaultListen),
			InternalListen: reader.address("SHOPMESH_INTERNAL_LISTEN", DefaultInternalListen),
			Reflection:     reader.onOff("SHOPMESH_REFLECTION"),
			OpenMetrics:    reader.onOff("SHOPMESH_OPEN_METRICS"),
			DrainDelay:     reader.duration("SHOPMESH_DRAIN_DELAY"),
			Peers:          reader.peers(p),
			NeedsPeers:     true,
			OperatorSocket: reader.values[OperatorSocketVariable],
			Log:            log,
		},
		Context: ContextConfig{
			Database:     pg.Config{URL: reader.databaseURL("SHOPMESH_DATABASE_URL")},
			Kafka:        reader.kafka(),
			SettingsFile: reader.file("SHOPMESH_SETTINGS"),
			Secrets:      secretsFrom(environ),
		},
		SMTPURL:   reader.smtpURL("SHOPMESH_SMTP_URL"),
		PublicURL: reader.publicURL(PublicURLVariable),

		ServiceKey: reader.credential(ServiceKeyVariable), ServiceKeys: reader.file(ServiceKeysVariable),
	}
	reader.edge(&env.Process)
	return log, env, append(CheckNames(environ, p.known()), reader.problems...)
}

// LogFromEnv returns a log that writes to w at the level of LogLevelVariable in an
// environment, such as os.Environ's.
func LogFromEnv(environ []string, w io.Writer) (*slog.Logger, error) {
	reader := newEnvReader(environ)
	level := reader.level(LogLevelVariable)
	return telemetry.LogTo(w, level), errors.Join(reader.problems...)
}

// KafkaFromEnv returns how a program that is no service reaches the brokers, by the variables
// of services in an environment. The error names everything that is missing or wrong.
func KafkaFromEnv(environ []string) (kafka.Config, error) {
	reader := newEnvReader(environ)
	config := reader.kafka()
	return config, errors.Join(reader.problems...)
}

// FolderFromEnv returns the folder that a variable of an environment names; it need not be
// there yet. One that is not set is an error, which gives the example.
func FolderFromEnv(environ []string, name, example string) (string, error) {
	reader := newEnvReader(environ)
	folder := reader.folder(name, example)
	return folder, errors.Join(reader.problems...)
}

// AddressFromEnv returns the host:port that a variable of an environment holds, or otherwise
// where it is not set.
func AddressFromEnv(environ []string, name, otherwise string) (string, error) {
	reader := newEnvReader(environ)
	address := reader.address(name, otherwise)
	return address, errors.Join(reader.problems...)
}

// Credential returns what a variable holds, or what the file holds that its …_FILE
// names; empty when neither is set.
func Credential(name string) (string, error) {
	reader := newEnvReader(os.Environ())
	value := reader.credential(name)
	return value, errors.Join(reader.problems...)
}
