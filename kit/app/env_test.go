package app

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/kit/rpc"
)

// orderProgram calls one context of three.
func orderProgram() Program {
	return Program{Name: "order", Peers: []string{"catalog"}, Contexts: []string{"catalog", "order", "payment"}, Variables: []Variable{
		{Name: "SHOPMESH_SMTP_URL", Credential: true, Contexts: []string{"notification"}},
	}}
}

func TestTheEnvironmentIsRead(t *testing.T) {
	t.Parallel()
	secret := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(secret, []byte("postgres://order:s3cret@db:5432/order\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	env, err := ReadEnvironment(orderProgram(), []string{
		"SHOPMESH_DATABASE_URL_FILE=" + secret, "SHOPMESH_KAFKA_BROKERS=k0:9092, k1:9092", "SHOPMESH_LISTEN=127.0.0.1:0",
		"SHOPMESH_CATALOG_URL=http://catalog:8080/", "SHOPMESH_SMTP_URL=smtp://mail:25", "SHOPMESH_DRAIN_DELAY=5s", "PATH=/bin",
	})
	if err != nil {
		t.Fatal(err)
	}
	if env.Context.Database.URL != "postgres://order:s3cret@db:5432/order" || len(env.Context.Kafka.Brokers) != 2 ||
		env.Context.Kafka.Brokers[1] != "k1:9092" || env.Process.Peers["catalog"] != "http://catalog:8080" || len(env.Process.Peers) != 1 ||
		env.Process.InternalListen != "127.0.0.1:9090" || env.Process.Reflection || env.SMTPURL != "smtp://mail:25" || env.Process.DrainDelay != 5*time.Second {
		t.Errorf("%+v", env)
	}
}

// Everything that is missing or wrong is named at once, and no credential with it.
func TestAllProblemsAreNamedAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ReadEnvironment(orderProgram(), []string{
		"SHOPMESH_DATABASE_URL=postgres://order:hunter2@db:port/order", "SHOPMESH_LISTEN=8080", "SHOPMESH_CATALOG_URL=catalog",
		"SHOPMESH_SMTP_URL=http://u:hunter2@mail", "SHOPMESH_SETTINGS=/nowhere/at/all", "SHOPMESH_LOG_LEVEL=loud", "SHOPMESH_DRAIN_DELAY=1h",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{
		"SHOPMESH_DATABASE_URL", "SHOPMESH_KAFKA_BROKERS", "SHOPMESH_LISTEN", "SHOPMESH_CATALOG_URL",
		"SHOPMESH_SMTP_URL", "SHOPMESH_SETTINGS", "SHOPMESH_LOG_LEVEL", "SHOPMESH_DRAIN_DELAY",
	} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is missing: %v", name, err)
		}
	}
	if strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a credential is shown: %v", err)
	}
}

// A service alone is reached from its own machine only, on both ports, unless another
// address is set; reflection on the API's port has a setting, too.
func TestAServiceAloneListensOnLoopback(t *testing.T) {
	t.Parallel()
	needed := []string{"SHOPMESH_DATABASE_URL=postgres://x@db/x", "SHOPMESH_KAFKA_BROKERS=k:1", "SHOPMESH_CATALOG_URL=http://catalog:8080"}
	env, err := ReadEnvironment(orderProgram(), needed)
	if err != nil {
		t.Fatal(err)
	}
	if env.Process.Listen != "127.0.0.1:8080" || env.Process.InternalListen != "127.0.0.1:9090" || env.Process.Reflection {
		t.Errorf("by default: %q, %q, reflection %t", env.Process.Listen, env.Process.InternalListen, env.Process.Reflection)
	}
	env, err = ReadEnvironment(orderProgram(), append(needed,
		"SHOPMESH_LISTEN=:80", "SHOPMESH_INTERNAL_LISTEN=10.0.0.7:90", "SHOPMESH_TRUSTED_PROXIES=10.0.0.0/8", "SHOPMESH_REFLECTION=on"))
	if err != nil || env.Process.Listen != ":80" || env.Process.InternalListen != "10.0.0.7:90" || !env.Process.Reflection {
		t.Errorf("others are set: %q, %q, reflection %t, %v", env.Process.Listen, env.Process.InternalListen, env.Process.Reflection, err)
	}
	if _, err := ReadEnvironment(orderProgram(), append(needed, "SHOPMESH_REFLECTION=yes")); err == nil || !strings.Contains(err.Error(), `"yes" is neither on nor off`) {
		t.Errorf("a wrong value: %v", err)
	}
}

// A peer without a URL, and a name that nobody reads, stop the start, each with one
// sentence; the nearest name is suggested. What others put there is left alone.
func TestMissingPeersAndUnknownNamesStopTheStart(t *testing.T) {
	t.Parallel()
	needed := []string{"SHOPMESH_DATABASE_URL=postgres://x@db/x", "SHOPMESH_KAFKA_BROKERS=k:1"}
	for name, row := range map[string]struct {
		environ []string
		want    string
	}{
		"no URL of a peer": {nil, "SHOPMESH_CATALOG_URL is not set, and order calls catalog: give its URL, such as http://catalog:8080"},
		"a misspelt peer": {
			[]string{"SHOPMESH_CATALOGUE_URL=http://catalog:8080", "SHOPMESH_CATALOG_URL=http://catalog:8080"},
			"SHOPMESH_CATALOGUE_URL is no variable of Shopmesh: did you mean SHOPMESH_CATALOG_URL?",
		},
		"a misspelt setting": {
			[]string{"SHOPMESH_LOGLEVEL=debug", "SHOPMESH_CATALOG_URL=http://catalog:8080"},
			"SHOPMESH_LOGLEVEL is no variable of Shopmesh: did you mean SHOPMESH_LOG_LEVEL?",
		},
		"a name like no other": {
			[]string{"SHOPMESH_PASSWORD=x", "SHOPMESH_CATALOG_URL=http://catalog:8080"},
			"SHOPMESH_PASSWORD is no variable of Shopmesh: unset it; --help lists those that are",
		},
		"URLs of contexts that it does not call": {[]string{
			"SHOPMESH_CATALOG_URL=http://catalog:8080", "SHOPMESH_PAYMENT_URL=http://payment:8080", "SHOPMESH_ORDER_URL=http://order:8080",
		}, ""},
		"what Kubernetes, tests and other programs set": {[]string{
			"SHOPMESH_CATALOG_URL=http://catalog:8080", "SHOPMESH_ORDER_SERVICE_HOST=10.0.0.1", "SHOPMESH_ORDER_PORT=tcp://10.0.0.1:8080",
			"SHOPMESH_ORDER_PORT_8080_TCP_ADDR=10.0.0.1", "SHOPMESH_TEST_SEED=7", "SHOPMESH_CLUSTER=kind.sh", "SHOPMESHED=1", "SHOPMESH_GONE=",
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := ReadEnvironment(orderProgram(), append(row.environ, needed...))
			if row.want == "" && err != nil || row.want != "" && (err == nil || err.Error() != row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func TestACredentialComesFromOnePlace(t *testing.T) {
	t.Parallel()
	for name, environ := range map[string][]string{
		"both":         {"SHOPMESH_DATABASE_URL=postgres://x", "SHOPMESH_DATABASE_URL_FILE=/x"},
		"no such file": {"SHOPMESH_DATABASE_URL_FILE=/nowhere/at/all"},
		"empty file":   {"SHOPMESH_DATABASE_URL_FILE=/dev/null"},
	} {
		_, err := ReadEnvironment(orderProgram(), append(environ, "SHOPMESH_KAFKA_BROKERS=k:1"))
		if err == nil || !strings.Contains(err.Error(), "SHOPMESH_DATABASE_URL_FILE") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The brokers know a service by a name and a password. What is missing or wrong is named, and
// no password is shown; one that would be sent in the clear is refused.
func TestTheBrokersKnowTheService(t *testing.T) {
	t.Parallel()
	needed := []string{"SHOPMESH_DATABASE_URL=postgres://x@db/x", "SHOPMESH_KAFKA_BROKERS=k:1", "SHOPMESH_CATALOG_URL=http://catalog:8080"}
	const mechanism, username, password = "SHOPMESH_KAFKA_SASL_MECHANISM=", "SHOPMESH_KAFKA_SASL_USERNAME=order", "SHOPMESH_KAFKA_SASL_PASSWORD=hunter2"
	for _, row := range []struct {
		environ []string
		named   string // the mechanism
		problem string
	}{
		{nil, "", ""},
		{[]string{mechanism + "SCRAM-SHA-512", username, password}, "SCRAM-SHA-512", ""},
		{[]string{mechanism + "SCRAM-SHA-256", username, password}, "SCRAM-SHA-256", ""},
		{[]string{mechanism + "PLAIN", username, password, "SHOPMESH_KAFKA_TLS=on"}, "PLAIN", ""},
		{[]string{mechanism + "PLAIN", username, password}, "", "in the clear: set SHOPMESH_KAFKA_TLS=on"},
		{[]string{mechanism + "GSSAPI", username, password}, "", `"GSSAPI" is none of SCRAM-SHA-512, SCRAM-SHA-256, PLAIN`},
		{[]string{mechanism + "SCRAM-SHA-512", password}, "", "SHOPMESH_KAFKA_SASL_USERNAME is not set"},
		{[]string{mechanism + "SCRAM-SHA-512", username}, "", "SHOPMESH_KAFKA_SASL_PASSWORD is not set"},
		{[]string{username, password}, "", "need SHOPMESH_KAFKA_SASL_MECHANISM: one of"},
		{[]string{mechanism + "SCRAM-SHA-512", username, "SHOPMESH_KAFKA_SASL_PASSWORD_FILE=/nowhere/at/all"}, "", "SHOPMESH_KAFKA_SASL_PASSWORD_FILE: open"},
	} {
		env, err := ReadEnvironment(orderProgram(), append(row.environ, needed...))
		if row.problem != "" {
			if err == nil || !strings.Contains(err.Error(), row.problem) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v: %v, want %s", row.environ, err, row.problem)
			}
			continue
		}
		if err != nil {
			t.Errorf("%v: %v", row.environ, err)
			continue
		}
		named := ""
		if env.Context.Kafka.SASL != nil {
			named = env.Context.Kafka.SASL.Name()
		}
		if named != row.named {
			t.Errorf("%v: the mechanism is %q, want %q", row.environ, named, row.named)
		}
	}
}

// A credential is what its variable holds or what its file holds, without the line
// break at its end; none is no error. The error names the variable and no value.
func TestCredential(t *testing.T) {
	file := filepath.Join(t.TempDir(), "smtp")
	if err := os.WriteFile(file, []byte("smtp://u:hunter2@mail:587\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const name = "SHOPMESH_SMTP_URL"
	for _, row := range []struct{ about, value, path, want, problem string }{
		{"nothing", "", "", "", ""},
		{"the variable", "smtp://mail:25", "", "smtp://mail:25", ""},
		{"the file", "", file, "smtp://u:hunter2@mail:587", ""},
		{"both", "smtp://u:hunter2@mail:25", file, "", "keep one"},
		{"a file that is missing", "", file + ".missing", "", file + ".missing"},
		{"an empty file", "", os.DevNull, "", "is empty"},
	} {
		t.Run(row.about, func(t *testing.T) {
			t.Setenv(name, row.value)
			t.Setenv(name+"_FILE", row.path)
			got, err := Credential(name)
			if got != row.want || (err != nil) != (row.problem != "") {
				t.Fatalf("got %q, %v", got, err)
			}
			if err != nil && (!strings.Contains(err.Error(), name+"_FILE") || !strings.Contains(err.Error(), row.problem) || strings.Contains(err.Error(), "hunter2")) {
				t.Errorf("got: %v", err)
			}
		})
	}
}

// A shop whose proxies are named is reached by others, though it listens on loopback alone.
func TestWhatIsPublic(t *testing.T) {
	t.Parallel()
	proxies := rpc.Proxies{netip.MustParsePrefix("127.0.0.0/8")}
	for _, c := range []struct {
		listen []string
		edge   Edge
		public bool
	}{
		{[]string{"127.0.0.1:8080", "127.0.0.1:9090"}, Edge{}, false},
		{[]string{"127.0.0.1:8080"}, Edge{Proxies: proxies}, true},
		{[]string{"0.0.0.0:8080"}, Edge{}, true},
		{[]string{"127.0.0.1:8080", "0.0.0.0:9090"}, Edge{}, true},
		{[]string{"0.0.0.0:8080"}, Edge{Proxies: proxies}, true},
	} {
		if got := c.edge.Public(c.listen...); got != c.public {
			t.Errorf("%s with the proxies %v: %t", c.listen, c.edge.Proxies, got)
		}
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"127.0.0.1:8080": true, "[::1]:0": true, "localhost:80": true, "127.9.9.9:1": true,
		":8080": false, "0.0.0.0:8080": false, "[::]:80": false, "10.0.0.1:80": false, "shop.example:80": false, "8080": false, "": false,
	} {
		if got := OnLoopback(address); got != ok {
			t.Errorf("%q: %t", address, got)
		}
	}
}
