package app

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/twmb/franz-go/pkg/sasl"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/kafka"
)

// maxCredentialBytes bounds a …_FILE.
const maxCredentialBytes = 64 << 10

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

// kafka is how the brokers are reached.
func (r *envReader) kafka() kafka.Config {
	return kafka.Config{Brokers: r.brokers("SHOPMESH_KAFKA_BROKERS"), TLS: r.kafkaTLS(), SASL: r.kafkaSASL()}
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
// one is reported, and again for each connection.
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

// kafkaSASL returns nil where the brokers require no name.
func (r *envReader) kafkaSASL() sasl.Mechanism {
	const prefix = "SHOPMESH_KAFKA_SASL_"
	mechanism := r.values[prefix+"MECHANISM"]
	username, password := r.credential(prefix+"USERNAME"), r.credential(prefix+"PASSWORD")
	if mechanism == "" {
		if r.given(prefix+"USERNAME") || r.given(prefix+"PASSWORD") {
			r.problem("%[1]sUSERNAME and …_PASSWORD need %[1]sMECHANISM: one of %[2]s", prefix, strings.Join(kafka.SASLMechanisms(), ", "))
		}
		return nil
	}
	for _, name := range []string{prefix + "USERNAME", prefix + "PASSWORD"} {
		if !r.given(name) {
			r.problem("%s is not set, and %sMECHANISM needs it", name, prefix)
		}
	}
	if mechanism == kafka.SASLPlain && r.values["SHOPMESH_KAFKA_TLS"] != "on" {
		r.problem("%sMECHANISM=%s would send the password in the clear: set SHOPMESH_KAFKA_TLS=on, or take a mechanism that does not send it", prefix, mechanism)
	}
	made, err := kafka.NewSASL(mechanism, username, password)
	if err != nil {
		r.problem("%sMECHANISM: %w", prefix, err)
	}
	return made
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

func (r *envReader) folder(name, example string) string {
	path, ok := r.values[name]
	if !ok {
		r.problem("%s is not set: name a folder, such as %s", name, example)
	} else if info, err := os.Stat(path); err == nil && !info.IsDir() {
		r.problem("%s: %s is no directory", name, path)
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

func (r *envReader) publicURL(name string) string {
	value, ok := r.values[name]
	if !ok {
		return ""
	}
	parsed, err := ParsePublicURL(value)
	if err != nil {
		r.problem("%s: %w", name, err)
	}
	return parsed
}

// onOff is off where nothing is set.
func (r *envReader) onOff(name string) bool {
	switch value := r.values[name]; value {
	case "on":
		return true
	case "", "off":
	default:
		r.problem("%s: %q is neither on nor off", name, value)
	}
	return false
}

// edge also checks the addresses, which must be read before.
func (r *envReader) edge(process *Process) {
	lookup := func(variable string) (name, value string) { return variable, r.values[variable] }
	edge, problems := ReadEdge(lookup, process.Log)
	r.problems = append(r.problems, problems...)
	process.Edge = edge
	for name, address := range map[string]string{"SHOPMESH_LISTEN": process.Listen, "SHOPMESH_INTERNAL_LISTEN": process.InternalListen} {
		if _, err := isLoopback(address); err != nil {
			continue // reported
		}
		if err := edge.CheckListen(address, TLSCertVariable+" and "+TLSKeyVariable, TrustedProxiesVariable); err != nil && len(problems) == 0 {
			r.problem("%s: %w", name, err)
		}
	}
}

// peers are the URLs of the other contexts; a program needs those of its peers.
func (r *envReader) peers(program Program) map[string]string {
	peers := make(map[string]string)
	for _, context := range program.Contexts {
		name := peerVariable(context)
		value, ok := r.values[name]
		if !ok {
			if slices.Contains(program.Peers, context) {
				r.problem("%s is not set, and %s calls %s: give its URL, such as http://%[3]s:8080", name, program.Name, context)
			}
			continue
		}
		parsed, err := url.Parse(value)
		if err != nil || (parsed.Scheme != "http" && parsed.Scheme != "https") || parsed.Host == "" {
			r.problem("%s: %q is no URL such as http://%s:8080", name, value, context)
			continue
		}
		peers[context] = strings.TrimSuffix(value, "/")
	}
	return peers
}
