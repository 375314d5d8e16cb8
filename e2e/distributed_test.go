//go:build distributed

package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/e2e/kafka"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	kitkafka "github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
)

// The same stories hold with every service as a process of its own, against a
// PostgreSQL, Apache Kafka and an SMTP server named by the environment.
func TestDistributed(t *testing.T) {
	t.Parallel()
	s := upDistributed(t, nil, startKafka(t))
	checkTopics(t, s.broker)
	s.hashesApart(s.identity)
	s.hidesWhatIsNoPage()
	runStories(t, &s.shop)
	s.limitsVisitors()
}

// distributed is a shop with every service as a process of its own.
type distributed struct {
	shop
	broker   broker
	identity *process.Process
}

// broker is an Apache Kafka, and how to reach it.
type broker struct {
	address string
	// env is what a service's environment has beside the address; nil for nothing.
	env func(context string) []string
	// admin is for connections of an administrator; nil in the clear.
	admin *tls.Config
}

// upDistributed starts the services, and what they need, until all are ready. What they
// log goes to log, unless that is nil.
func upDistributed(t *testing.T, log io.Writer, broker broker) *distributed {
	t.Helper()
	dir := tempDir(t)
	databases := startDatabases(t, dir)
	s := &distributed{shop: shop{t: t}, broker: broker}
	inbox, smtp := startInbox(t, filepath.Join(dir, "inbox"))
	api, internal := map[string]string{}, []string{}
	listen := map[string][2]string{}
	for _, c := range contexts {
		a, i := testkit.HeldAddress(t), testkit.HeldAddress(t)
		listen[c] = [2]string{a, i}
		api[c] = "http://" + a
		internal = append(internal, "http://"+i)
	}
	if err := services.WriteServiceKeys(filepath.Join(dir, "keys"), contexts...); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "operator.sock")
	for _, c := range contexts {
		env := process.Service{
			Name: c, Keys: filepath.Join(dir, "keys"), OperatorSocket: socket,
			Listen: listen[c][0], Internal: listen[c][1], Peers: api,
			Database: databases.URL("shopmesh_" + c), Sandbox: databases.URL("shopmesh_sandbox"),
			Broker: broker.address, SMTP: smtp,
		}.Env()
		if broker.env != nil {
			env = append(env, broker.env(c)...)
		}
		p := launch(t, process.Command{Path: program(t, "services/"+c+"/cmd/"+c), Env: env, Log: log})
		if c == "identity" {
			s.identity = p
		}
	}
	for _, address := range internal {
		eventually(t, func(ctx context.Context) error { return process.CheckReady(ctx, address) })
	}
	owner, err := process.Token(program(t, "cmd/shopmesh"), socket, "owner")
	if err != nil {
		t.Fatal(err)
	}
	s.connectTo(api, internal, inbox, owner)
	return s
}

// checkTopics compares the topics that the services created with the list that
// operators get.
func checkTopics(t *testing.T, broker broker) {
	t.Helper()
	admin := administer(t, broker)
	listed := listedTopics(t)
	names := slices.Collect(maps.Keys(listed))
	// A service creates its topics after it is ready, once the broker answers.
	eventually(t, func(ctx context.Context) error {
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

// topicRows are the topics of the operators' list.
func topicRows(t *testing.T) []kitkafka.ListedTopic {
	t.Helper()
	rows, err := kitkafka.ReadTopicList("../deploy/local/topics.tsv")
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// listedTopics are the partitions and the cleanup policy of each topic of the list.
func listedTopics(t *testing.T) map[string]string {
	t.Helper()
	listed := map[string]string{}
	for _, row := range topicRows(t) {
		listed[row.Name] = fmt.Sprintf("%d %s", row.Partitions, row.CleanupPolicy())
	}
	return listed
}

func administer(t *testing.T, broker broker) *kadm.Client {
	t.Helper()
	options := []kgo.Opt{kgo.SeedBrokers(broker.address)}
	if broker.admin != nil {
		options = append(options, kgo.DialTLSConfig(broker.admin))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return kadm.NewClient(client)
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
	p, err := postgres.Start(t.Context(), postgres.Config{Dir: data.Postgres(), Databases: names, MaxConnections: 150, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close(context.Background()) })
	return p
}

func startInbox(t *testing.T, dir string) (page, smtp string) {
	t.Helper()
	inbox, err := inbox.Open(dir, "127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = inbox.Close(context.Background()) })
	go func() { _ = inbox.Serve() }()
	server := httptest.NewServer(inbox.Handler())
	t.Cleanup(server.Close)
	return server.URL, "smtp://" + inbox.Addr()
}

// startKafka starts one node of Apache Kafka.
func startKafka(t *testing.T) broker {
	t.Helper()
	node := formatKafka(t)
	runKafka(t, node)
	return broker{address: node.Address()}
}

func formatKafka(t *testing.T) *kafka.Node {
	t.Helper()
	node, err := kafka.Format(os.Getenv("SHOPMESH_TEST_KAFKA_LIB"), filepath.Join(tempDir(t), "kafka"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(node.Release)
	return node
}

// runKafka starts a node and waits until it serves.
func runKafka(t *testing.T, node *kafka.Node) {
	t.Helper()
	p, err := node.Start(nil)
	if err != nil {
		t.Fatal(err)
	}
	endWith(t, p, "kafka")
	eventually(t, node.Check)
}
