//go:build distributed

package e2e

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/e2e/kafka"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

// The same stories hold with every service as a process of its own, against a
// PostgreSQL, Apache Kafka and an SMTP server named by the environment.
func TestDistributed(t *testing.T) {
	t.Parallel()
	s := upDistributed(t, nil)
	checkTopics(t, s.broker)
	runStories(t, &s.shop)
}

// distributed is a shop with every service as a process of its own.
type distributed struct {
	shop
	broker string
}

// upDistributed starts the services, and what they need, until all are ready. What they
// log goes to log, unless that is nil.
func upDistributed(t *testing.T, log io.Writer) *distributed {
	t.Helper()
	dir := tempDir(t)
	databases := startDatabases(t, dir)
	s := &distributed{shop: shop{t: t}, broker: startKafka(t, filepath.Join(dir, "kafka"))}
	inbox, smtp := startInbox(t, filepath.Join(dir, "inbox"))
	api, internal := map[string]string{}, []string{}
	listen := map[string][2]string{}
	for _, c := range contexts {
		a, i := freeAddress(t), freeAddress(t)
		listen[c] = [2]string{a, i}
		api[c] = "http://" + a
		internal = append(internal, "http://"+i)
	}
	for _, c := range contexts {
		env := process.Service{
			Listen: listen[c][0], Internal: listen[c][1], Peers: api,
			Database: databases.URL("shopmesh_" + c), Sandbox: databases.URL("shopmesh_sandbox"),
			Broker: s.broker, SMTP: smtp,
		}.Env()
		launch(t, process.Command{Path: program(t, "services/"+c+"/cmd/"+c), Env: env, Log: log})
	}
	for _, address := range internal {
		eventually(t, 2*time.Minute, func(ctx context.Context) error { return process.CheckReady(ctx, address) })
	}
	s.connectTo(api, internal, inbox)
	return s
}

// checkTopics compares the topics that the services created with the list that
// operators get.
func checkTopics(t *testing.T, broker string) {
	t.Helper()
	admin := administer(t, broker)
	listed := listedTopics(t)
	names := slices.Collect(maps.Keys(listed))
	// A service creates its topics after it is ready, once the broker answers.
	eventually(t, time.Minute, func(ctx context.Context) error {
		topics, err := admin.ListTopics(ctx)
		if err != nil {
			return err
		}
		configs, err := admin.DescribeTopicConfigs(ctx, names...)
		if err != nil {
			return err
		}
		found := map[string]string{}
		for _, config := range configs {
			for _, value := range config.Configs {
				if value.Key == "cleanup.policy" {
					found[config.Name] = fmt.Sprintf("%d %s", len(topics[config.Name].Partitions), value.MaybeValue())
				}
			}
		}
		topics.FilterInternal()
		if !maps.Equal(found, listed) || len(topics) != len(listed) {
			return fmt.Errorf("topics %v, deploy/local/topics.tsv lists %v", found, listed)
		}
		return nil
	})
}

// listedTopics are the topics of the operators' list, each with its partitions and its
// cleanup policy.
func listedTopics(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../deploy/local/topics.tsv")
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]string{}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Split(strings.TrimSpace(line), "\t"); !strings.HasPrefix(line, "#") {
			listed[fields[0]] = fields[1] + " " + fields[2]
		}
	}
	return listed
}

func administer(t *testing.T, broker string) *kadm.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := process.HoldAddress()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(address.Release)
	return address.String()
}

func startDatabases(t *testing.T, dir string) *postgres.Server {
	t.Helper()
	names := []string{"shopmesh_sandbox"}
	for _, c := range contexts {
		names = append(names, "shopmesh_"+c)
	}
	data, err := datadir.Open(filepath.Join(dir, "data"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	p, err := postgres.Start(t.Context(), postgres.Config{Dir: data.Postgres(), Databases: names, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func startInbox(t *testing.T, dir string) (page, smtp string) {
	t.Helper()
	inbox, err := inbox.Open(dir, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inbox.Close(context.Background()) })
	go func() { _ = inbox.Serve() }()
	server := httptest.NewServer(inbox.Handler())
	t.Cleanup(server.Close)
	return server.URL, "smtp://" + inbox.Addr()
}

// startKafka starts one node of Apache Kafka and returns its address.
func startKafka(t *testing.T, dir string) string {
	t.Helper()
	node, err := kafka.Format(os.Getenv("SHOPMESH_TEST_KAFKA_LIB"), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Release)
	p, err := node.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	endWith(t, p, "kafka")
	eventually(t, 2*time.Minute, node.Check)
	return node.Address()
}
