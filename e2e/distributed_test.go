//go:build distributed

package e2e

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/embedded"
)

// The same stories hold with every service as a process of its own, against a
// PostgreSQL, Apache Kafka and an SMTP server named by the environment.
func TestDistributed(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	databases := startDatabases(t, dir)
	broker := startKafka(t, filepath.Join(dir, "kafka"))
	inbox, smtp := startInbox(t, filepath.Join(dir, "inbox"))
	s := &shop{t: t}
	api, internal := map[string]string{}, []string{}
	env := []string{"SHOPMESH_KAFKA_BROKERS=" + broker, "SHOPMESH_SMTP_URL=" + smtp}
	listen := map[string][2]string{}
	for _, c := range contexts {
		a, i := freeAddress(t), freeAddress(t)
		listen[c] = [2]string{a, i}
		api[c] = "http://" + a
		internal = append(internal, "http://"+i)
		env = append(env, fmt.Sprintf("SHOPMESH_%s_URL=http://%s", strings.ToUpper(c), a))
	}
	for _, c := range contexts {
		mine := append([]string{
			"SHOPMESH_DATABASE_URL=" + databases.URL("shopmesh_"+c),
			"SHOPMESH_SANDBOX_DATABASE_URL=" + databases.URL("shopmesh_sandbox"),
			"SHOPMESH_LISTEN=" + listen[c][0],
			"SHOPMESH_INTERNAL_LISTEN=" + listen[c][1],
		}, env...)
		launch(t, io.Discard, mine, program(t, "services/"+c+"/cmd/"+c))
	}
	for _, address := range internal {
		waitReady(t, address)
	}
	s.connectTo(api, internal, inbox)
	tell(t, s)
}

// waitReady waits until a service says that it is ready.
func waitReady(t *testing.T, internal string) {
	t.Helper()
	eventually(t, 2*time.Minute, func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, internal+"/readyz", nil)
		if err != nil {
			return err
		}
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = res.Body.Close() }()
		if res.StatusCode != http.StatusOK {
			body, _ := io.ReadAll(res.Body)
			return errorf("%s: %d %s", internal, res.StatusCode, body)
		}
		return nil
	})
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func startDatabases(t *testing.T, dir string) *embedded.Postgres {
	t.Helper()
	names := []string{"shopmesh_sandbox"}
	for _, c := range contexts {
		names = append(names, "shopmesh_"+c)
	}
	data, err := embedded.OpenDataDir(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	p, err := embedded.StartPostgres(t.Context(), embedded.PostgresConfig{Dir: data.Postgres(), Databases: names, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func startInbox(t *testing.T, dir string) (page, smtp string) {
	t.Helper()
	inbox, err := embedded.OpenInbox(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inbox.Close(context.Background()) })
	go func() { _ = inbox.Serve() }()
	server := httptest.NewServer(inbox.Handler())
	t.Cleanup(server.Close)
	return server.URL, "smtp://" + inbox.Addr()
}

// startKafka formats and starts one KRaft node on loopback, and returns its address.
func startKafka(t *testing.T, dir string) string {
	t.Helper()
	jars := os.Getenv("SHOPMESH_TEST_KAFKA_LIB")
	if jars == "" {
		t.Fatal("SHOPMESH_TEST_KAFKA_LIB is not set: run `make test-distributed`, which fetches Apache Kafka")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	listener, controller := freeAddress(t), freeAddress(t)
	properties, err := os.ReadFile("kafka/server.properties")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.NewReplacer("{listener}", listener, "{controller}", controller, "{data}", filepath.Join(dir, "data")).Replace(string(properties))
	path := filepath.Join(dir, "server.properties")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	classPath := filepath.Join(jars, "*")
	format := exec.Command("java", "-cp", classPath, "kafka.tools.StorageTool", "format", "-t", base64.RawURLEncoding.EncodeToString(id[:]), "-c", path)
	if out, err := format.CombinedOutput(); err != nil {
		t.Fatalf("format Kafka's storage: %v\n%s", err, out)
	}
	launch(t, new(bytes.Buffer), nil, "java", "-Xmx256m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", classPath, "kafka.Kafka", path)
	client, err := kgo.NewClient(kgo.SeedBrokers(listener))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	eventually(t, 2*time.Minute, func(ctx context.Context) error {
		_, err := kadm.NewClient(client).BrokerMetadata(ctx)
		return err
	})
	return listener
}
