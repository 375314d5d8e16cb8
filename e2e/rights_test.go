//go:build distributed

package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/e2e/kafka"
	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// Each service has a certificate of its own and exactly the rights in Kafka that
// docs/operations.md lists: they create their topics, sell, go on when all topics are created
// again, and are refused nothing. What is not theirs they may not publish.
func TestDistributedRightsAreEnough(t *testing.T) {
	people := newPeople(t)
	node := formatKafka(t)
	admin, err := people.files("admin").Config("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Restrict(kafka.Rights{CA: people.authority.CAFile, Keystore: people.keystore("admin"), Super: "CN=admin", Admin: admin}); err != nil {
		t.Fatal(err)
	}
	runKafka(t, node)
	broker := broker{address: node.Address(), admin: admin, env: people.env}
	grantRights(t, administer(t, broker))

	log := &testkit.Lines{}
	s := upDistributed(t, log, broker)
	checkTopics(t, broker)
	mug := s.sell(euros(5, 0), 10)
	order := s.reached(s.place(request("sandbox_ok", of(mug.GetCode(), 1))).GetId(), confirmed)
	s.oneMail(order.GetContact().GetEmail())
	s.mustAudit()
	s.loseTopics(true)
	s.reached(s.place(request("sandbox_ok", of(mug.GetCode(), 1))).GetId(), confirmed)
	s.mustAudit()
	if text := log.String(); strings.Contains(text, "AUTHORIZATION") || strings.Contains(text, "does not let us") {
		t.Errorf("a service lacked a right:\n%s", text)
	}
	people.mustNotPublish(t, broker, "notification", "shopmesh.order.order.v1")
}

// grantRights gives each service the rights that the operators' list of topics implies.
func grantRights(t *testing.T, admin *kadm.Client) {
	t.Helper()
	for _, topic := range topicRows(t) {
		for _, c := range topic.Publishers {
			grant(t, admin, kadm.NewACLs().Topics(topic.Name).Allow("User:CN="+c).
				Operations(kadm.OpWrite, kadm.OpDescribe, kadm.OpCreate, kadm.OpAlterConfigs))
		}
		for _, c := range topic.Consumers {
			grant(t, admin, kadm.NewACLs().Topics(topic.Name).Allow("User:CN="+c).Operations(kadm.OpRead, kadm.OpDescribe, kadm.OpCreate))
		}
	}
	for _, c := range contexts {
		grant(t, admin, kadm.NewACLs().Groups("shopmesh."+c).Allow("User:CN="+c).Operations(kadm.OpRead, kadm.OpDescribe))
	}
}

func grant(t *testing.T, admin *kadm.Client, rights *kadm.ACLBuilder) {
	t.Helper()
	created, err := admin.CreateACLs(t.Context(), rights.AllowHosts("*").ResourcePatternType(kadm.ACLPatternLiteral))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range created {
		if c.Err != nil {
			t.Fatal(c.Err)
		}
	}
}

// people are the owners of certificates of one authority, by name.
type people struct {
	authority *testkit.Server
	dir       string
}

func newPeople(t *testing.T) people {
	t.Helper()
	p := people{authority: testkit.NewServer(t), dir: t.TempDir()}
	for _, name := range append([]string{"admin"}, contexts...) {
		f := p.files(name)
		p.authority.WriteFor(name, f.Cert, f.Key)
	}
	var both []byte
	for _, file := range []string{p.files("admin").Key, p.files("admin").Cert} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		both = append(both, text...)
	}
	if err := os.WriteFile(p.keystore("admin"), both, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p people) files(name string) certs.Files {
	path := filepath.Join(p.dir, name)
	return certs.Files{CA: p.authority.CAFile, Cert: path + ".crt", Key: path + ".key"}
}

func (p people) keystore(name string) string { return filepath.Join(p.dir, name+".pem") }

// env is a service's environment for a broker that requires certificates.
func (p people) env(context string) []string {
	f := p.files(context)
	return []string{"SHOPMESH_KAFKA_TLS=on", "SHOPMESH_KAFKA_CA=" + f.CA, "SHOPMESH_KAFKA_CERT=" + f.Cert, "SHOPMESH_KAFKA_KEY=" + f.Key}
}

// mustNotPublish fails the test when a service may publish to a topic.
func (p people) mustNotPublish(t *testing.T, broker broker, service, topic string) {
	t.Helper()
	config, err := p.files(service).Config("127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.address), kgo.DialTLSConfig(config), kgo.RequiredAcks(kgo.AllISRAcks()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	err = client.ProduceSync(ctx, &kgo.Record{Topic: topic, Value: []byte("forged")}).FirstErr()
	if !errors.Is(err, kerr.TopicAuthorizationFailed) {
		t.Errorf("%s publishes to %s: got %v, want a refusal", service, topic, err)
	}
}
