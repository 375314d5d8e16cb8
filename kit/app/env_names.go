package app

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/shopmesh/shopmesh/kit/kafka"
)

// Prefix begins the names of all our environment variables.
const Prefix = "SHOPMESH_"

// Variable is an environment variable of ours.
type Variable struct {
	// Name is the whole name.
	Name string
	// About is a line for --help.
	About string
	// Credential can be given as NAME_FILE, too, which names a file that holds it.
	Credential bool
	// Contexts are those that read it; none for every service.
	Contexts []string
}

// variables are those of every service. Each is read by Program.environment.
func variables() []Variable {
	return append([]Variable{
		{Name: "SHOPMESH_DATABASE_URL", About: "the service's own database; required", Credential: true},
		{Name: "SHOPMESH_KAFKA_BROKERS", About: "host:port of the brokers, separated by commas; required", Credential: true},
		{Name: "SHOPMESH_KAFKA_TLS", About: `"on" encrypts the way to the brokers`},
		{Name: "SHOPMESH_KAFKA_CA", About: "PEM file that verifies the brokers; the system's by default"},
		{Name: "SHOPMESH_KAFKA_CERT", About: "PEM file of our own certificate, for brokers that require one"},
		{Name: "SHOPMESH_KAFKA_KEY", About: "PEM file of its key"},
		{Name: "SHOPMESH_KAFKA_SASL_MECHANISM", About: "how the brokers know the service: " + strings.Join(kafka.SASLMechanisms(), ", ") + "; not at all by default"},
		{Name: "SHOPMESH_KAFKA_SASL_USERNAME", About: "the service's name at the brokers", Credential: true},
		{Name: "SHOPMESH_KAFKA_SASL_PASSWORD", About: "its password", Credential: true},
		{Name: "SHOPMESH_LISTEN", About: "the API's address; " + DefaultListen + " by default"},
		{Name: "SHOPMESH_INTERNAL_LISTEN", About: "the operators' address; " + DefaultInternalListen + " by default"},
		{Name: "SHOPMESH_REFLECTION", About: `"on" serves gRPC reflection on the API's address, too`},
		{Name: "SHOPMESH_OPEN_METRICS", About: `"on" shows /metrics on the operators' address without a token, for who scrapes it`},
		{Name: "SHOPMESH_SETTINGS", About: "JSON file that overrides settings, one object per context"},
		{Name: PublicURLVariable, About: "where the shop is reached, such as https://shop.example; tokens name it, and links lead there"},
		{Name: ServiceKeyVariable, Credential: true, About: "the service's own private key, ES256 in PEM or as a JWK: other services know it by that"},
		{Name: ServiceKeysVariable, About: "file with the public keys of all services, a JWK set"},
		{Name: "SHOPMESH_DRAIN_DELAY", About: `how long requests are still taken after "not ready", such as 5s`},
		{Name: LogLevelVariable, About: "debug, info, warn or error; info by default"},
	}, EdgeVariables()...)
}

// Variables returns all variables of services that run alone: those of every service,
// and the URLs of the contexts.
func Variables(contexts []string) []Variable {
	all := variables()
	for _, context := range contexts {
		all = append(all, Variable{Name: peerVariable(context)})
	}
	return all
}

// foreign are names that others make of ours: tests, the tasks of the Makefile that need a
// cluster, and Kubernetes for a Service whose name begins with "shopmesh-".
var foreign = regexp.MustCompile(`^SHOPMESH_(CLUSTER|TEST_.+|CRASHPOINT(_.+)?|.+_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT(_[0-9]+_.+)?))$`) //nolint:gochecknoglobals // a constant

// CheckNames returns an error for each environment variable that begins with Prefix and
// that no program of ours reads: it is most likely misspelt, and would be without effect.
// The error suggests the nearest name.
func CheckNames(environ []string, known []Variable) []error {
	var names []string
	for _, variable := range known {
		names = append(names, variable.Name)
		if variable.Credential {
			names = append(names, variable.Name+"_FILE")
		}
	}
	var problems []error
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, Prefix) || value == "" || slices.Contains(names, name) ||
			secretVariable.MatchString(name) || foreign.MatchString(name) {
			continue
		}
		if near := nearest(name, names); near != "" {
			problems = append(problems, fmt.Errorf("%s is no variable of Shopmesh: did you mean %s?", name, near))
		} else {
			problems = append(problems, fmt.Errorf("%s is no variable of Shopmesh: unset it; --help lists those that are", name))
		}
	}
	slices.SortFunc(problems, func(x, y error) int { return strings.Compare(x.Error(), y.Error()) })
	return problems
}

// nearest returns the name that differs least, or none when all differ in much.
func nearest(name string, names []string) string {
	best, least := "", 1+len(name)/4
	for _, candidate := range names {
		if d := distance(name, candidate); d < least {
			best, least = candidate, d
		}
	}
	return best
}

// distance is how many letters must be added, dropped or replaced (Levenshtein).
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
