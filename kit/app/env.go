package app

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/fx"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/telemetry"
)

// Environment is what the SHOPMESH_… variables say.
type Environment struct {
	// Process is how the process is reached.
	Process Process
	// Context is what its context stands on.
	Context ContextConfig
	// SMTPURL is where mail goes, such as "smtp://mail:25"; empty when not set.
	SMTPURL string
}

// maxCredentialBytes bounds a …_FILE.
const maxCredentialBytes = 64 << 10

// FromEnv reads the environment of a process that holds one context:
//
//	SHOPMESH_DATABASE_URL     its database; required
//	SHOPMESH_KAFKA_BROKERS    host:port, separated by commas; required
//	SHOPMESH_KAFKA_TLS        "on" encrypts the way to the brokers
//	SHOPMESH_KAFKA_CA         PEM file that verifies them; the system's by default
//	SHOPMESH_KAFKA_CERT       PEM files of our own certificate and its key, for
//	SHOPMESH_KAFKA_KEY        brokers that ask for one
//	SHOPMESH_LISTEN           the API's address; ":8080" by default
//	SHOPMESH_INTERNAL_LISTEN  the internal address; ":9090" by default
//	SHOPMESH_<CONTEXT>_URL    another context, such as SHOPMESH_CATALOG_URL
//	SHOPMESH_SMTP_URL         where mail goes
//	SHOPMESH_SETTINGS         the settings file
//	SHOPMESH_DRAIN_DELAY      how long to go on after saying "not ready", such as "5s"
//	SHOPMESH_LOG_LEVEL        debug, info, warn or error
//
// SHOPMESH_DATABASE_URL, SHOPMESH_SMTP_URL and SHOPMESH_KAFKA_BROKERS can be given
// as …_FILE, which names a file that holds the value. The error names everything
// that is missing or wrong at once, and no value of a credential.
func FromEnv(context string) (Environment, error) {
	return readEnvironment(context, os.Environ())
}

func readEnvironment(context string, environ []string) (Environment, error) {
	reader := newEnvReader(environ)
	env := Environment{
		Process: Process{
			Name:           context,
			Listen:         reader.address("SHOPMESH_LISTEN", ":8080"),
			InternalListen: reader.address("SHOPMESH_INTERNAL_LISTEN", ":9090"),
			DrainDelay:     reader.duration("SHOPMESH_DRAIN_DELAY"),
			Peers:          reader.peers(),
			Log:            telemetry.NewLog(os.Stderr, reader.level("SHOPMESH_LOG_LEVEL")),
		},
		Context: ContextConfig{
			Database:     pg.Config{URL: reader.databaseURL("SHOPMESH_DATABASE_URL")},
			Kafka:        kafka.Config{Brokers: reader.brokers("SHOPMESH_KAFKA_BROKERS"), TLS: reader.kafkaTLS()},
			SettingsFile: reader.file("SHOPMESH_SETTINGS"),
		},
		SMTPURL: reader.smtpURL("SHOPMESH_SMTP_URL"),
	}
	env.Process.Reflection = Loopback(env.Process.Listen) == nil
	if len(reader.problems) > 0 {
		return Environment{}, errors.Join(reader.problems...)
	}
	return env, nil
}

// Main is the whole main function of a service of its own: it reads the
// environment, serves the module until SIGTERM or SIGINT, and exits.
func Main(context string, module func(Environment) fx.Option) {
	env, err := FromEnv(context)
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s can't start:\n%v\n", context, err)
		os.Exit(exitUsage)
	}
	os.Exit(Run(env.Process, module(env)))
}

// Credential returns what a variable holds, or what the file holds that its …_FILE
// names; empty when neither is set.
func Credential(name string) (string, error) {
	reader := newEnvReader(os.Environ())
	value := reader.credential(name)
	return value, errors.Join(reader.problems...)
}

// envReader reads variables and gathers what is wrong with them.
type envReader struct {
	values   map[string]string
	problems []error
}

func newEnvReader(environ []string) *envReader {
	reader := &envReader{values: make(map[string]string)}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "SHOPMESH_") && value != "" {
			reader.values[name] = value
		}
	}
	return reader
}

func (r *envReader) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf(format, args...))
}

// credential returns a variable, or what the file holds that its …_FILE names.
func (r *envReader) credential(name string) string {
	value, path := r.values[name], r.values[name+"_FILE"]
	if path == "" {
		return value
	}
	if value != "" {
		r.problem("%s and %s_FILE are both set: keep one", name, name)
		return ""
	}
	opened, err := os.Open(path)
	if err != nil {
		r.problem("%s_FILE: %w", name, err)
		return ""
	}
	defer func() { _ = opened.Close() }()
	data, err := io.ReadAll(io.LimitReader(opened, maxCredentialBytes))
	if err != nil {
		r.problem("%s_FILE: %w", name, err)
		return ""
	}
	if value = strings.TrimSpace(string(data)); value == "" {
		r.problem("%s_FILE: %s is empty", name, path)
	}
	return value
}

// given reports whether a variable is there in either form.
func (r *envReader) given(name string) bool {
	return r.values[name] != "" || r.values[name+"_FILE"] != ""
}

func (r *envReader) databaseURL(name string) string {
	if !r.given(name) {
		r.problem("%s is not set: give the database's URL, such as postgres://order:…@db:5432/order", name)
		return ""
	}
	value := r.credential(name)
	if value == "" {
		return ""
	}
	if _, err := pgconn.ParseConfig(value); err != nil {
		// The library's error quotes parts of the value.
		r.problem("%s is no PostgreSQL URL: it must look like postgres://user:password@host:5432/database", name)
	}
	return value
}

func (r *envReader) brokers(name string) []string {
	if !r.given(name) {
		r.problem("%s is not set: give the brokers' addresses, such as kafka-0:9092,kafka-1:9092", name)
		return nil
	}
	var brokers []string
	for part := range strings.SplitSeq(r.credential(name), ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		if _, _, err := net.SplitHostPort(part); err != nil {
			r.problem("%s: %q is no host:port", name, part)
		}
		brokers = append(brokers, part)
	}
	return brokers
}

// kafkaTLS returns nil for a way in the clear. The files are read now, so that a wrong
// one is told, and again for each connection.
func (r *envReader) kafkaTLS() *certs.Files {
	files := certs.Files{CA: r.file("SHOPMESH_KAFKA_CA"), Cert: r.file("SHOPMESH_KAFKA_CERT"), Key: r.file("SHOPMESH_KAFKA_KEY")}
	switch value := r.values["SHOPMESH_KAFKA_TLS"]; value {
	case "on":
	case "", "off":
		if files != (certs.Files{}) {
			r.problem("SHOPMESH_KAFKA_CA, …_CERT and …_KEY need SHOPMESH_KAFKA_TLS=on")
		}
		return nil
	default:
		r.problem("SHOPMESH_KAFKA_TLS: %q is neither on nor off", value)
		return nil
	}
	if len(r.problems) > 0 {
		return nil
	}
	if _, err := files.Config(""); err != nil {
		r.problem("SHOPMESH_KAFKA_TLS: %w", err)
	}
	return &files
}

func (r *envReader) address(name, otherwise string) string {
	value, ok := r.values[name]
	if !ok {
		return otherwise
	}
	if _, _, err := net.SplitHostPort(value); err != nil {
		r.problem("%s: %q is no address: write HOST:PORT or :PORT", name, value)
	}
	return value
}

func (r *envReader) duration(name string) time.Duration {
	value, ok := r.values[name]
	if !ok {
		return 0
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < 0 || d > DrainTimeout {
		r.problem("%s: %q is no duration from 0s to %v", name, value, DrainTimeout)
	}
	return d
}

func (r *envReader) level(name string) slog.Level {
	var level slog.Level
	if value, ok := r.values[name]; ok {
		if err := level.UnmarshalText([]byte(value)); err != nil {
			r.problem("%s: %q is none of debug, info, warn, error", name, value)
		}
	}
	return level
}

func (r *envReader) file(name string) string {
	path, ok := r.values[name]
	if !ok {
		return ""
	}
	if info, err := os.Stat(path); err != nil {
		r.problem("%s: %w", name, err)
	} else if info.IsDir() {
		r.problem("%s: %s is a directory", name, path)
	}
	return path
}

func (r *envReader) smtpURL(name string) string {
	if !r.given(name) {
		return ""
	}
	value := r.credential(name)
	if value == "" {
		return ""
	}
	parsed, err := url.Parse(value)
	if err != nil || (parsed.Scheme != "smtp" && parsed.Scheme != "smtps") || parsed.Host == "" {
		// The library's error quotes the value.
		r.problem("%s is no SMTP URL: it must look like smtp://user:password@host:587", name)
	}
	return value
}

func (r *envReader) peers() map[string]string {
	pattern := regexp.MustCompile(`^SHOPMESH_([A-Z]+)_URL$`)
	peers := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(r.values)) {
		value := r.values[name]
		match := pattern.FindStringSubmatch(name)
		if match == nil || name == "SHOPMESH_DATABASE_URL" || name == "SHOPMESH_SMTP_URL" {
			continue
		}
		parsed, err := url.Parse(value)
		if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
			r.problem("%s: %q is no URL such as http://%s:8080", name, value, strings.ToLower(match[1]))
			continue
		}
		peers[strings.ToLower(match[1])] = strings.TrimSuffix(value, "/")
	}
	return peers
}
