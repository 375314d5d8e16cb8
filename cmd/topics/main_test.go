package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// local is the list of the topics that the services have.
const local = "../../deploy/local/topics.tsv"

// result is what the program printed and its exit code.
type result struct {
	code           int
	stdout, stderr string
}

func runWith(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, environ, &stdout, &stderr)
	return result{code, stdout.String(), stderr.String()}
}

// listing writes a list of topics.
func listing(t *testing.T, lines ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "topics.tsv")
	if err := os.WriteFile(file, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// lastLine is the last line of a text.
func lastLine(text string) string {
	text = strings.TrimSuffix(text, "\n")
	return text[strings.LastIndex(text, "\n")+1:]
}

// The services' own list is created as it is written, and creating it again changes nothing.
func TestTheTopicsOfAListAreCreated(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	environ := []string{"SHOPMESH_KAFKA_BROKERS=" + strings.Join(broker.Brokers, ","), "SHOPMESH_PUBLIC_URL=https://shop.example"}
	listed, err := kafka.ReadTopicList(local)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, topic := range listed {
		names = append(names, topic.Name)
	}
	for range 2 {
		got := runWith(t, environ, local)
		if got.code != 0 || got.stderr != "" || strings.Count(got.stdout, "\n") != len(listed) ||
			!strings.Contains(got.stdout, "shopmesh.catalog.product.v1: 4 partitions, compact\n") ||
			!strings.Contains(got.stdout, "shopmesh.order.activity.v1: 1 partition, delete\n") {
			t.Errorf("%+v", got)
		}
	}
	found, err := kafka.DescribeTopics(t.Context(), broker, names...)
	if err != nil {
		t.Fatal(err)
	}
	for i, topic := range listed {
		if want := (kafka.FoundTopic{Name: topic.Name, Partitions: int(topic.Partitions), CleanupPolicy: topic.CleanupPolicy()}); found[i] != want {
			t.Errorf("the broker has %+v, want %+v", found[i], want)
		}
	}
}

// A topic that is there otherwise than it is listed is reported and stays as it is; the others
// are created.
func TestATopicThatDiffersIsReported(t *testing.T) {
	t.Parallel()
	broker := testkit.Broker(t)
	elsewhere := broker
	elsewhere.Embedded = false // which has one partition always
	before := []kafka.Topic{{Name: "narrow", Partitions: 2}, {Name: "state", Partitions: 1, Compacted: true}}
	if err := kafka.EnsureTopics(t.Context(), elsewhere, before); err != nil {
		t.Fatal(err)
	}
	file := listing(t, "narrow\t3\tdelete\torder\tpayment", "state\t1\tdelete\torder\t", "new\t2\tcompact\torder\tpayment")
	got := runWith(t, []string{"SHOPMESH_KAFKA_BROKERS=" + broker.Brokers[0]}, file)
	wantErrs := "topics: the topic narrow has 2 partitions and the cleanup.policy delete, and " + file + " lists 3 partitions and delete: it was left as it is, so change the topic or the list\n" +
		"the topic state has 1 partition and the cleanup.policy compact, and " + file + " lists 1 partition and delete: it was left as it is, so change the topic or the list\n"
	if got.code != command.ExitFailed || got.stderr != wantErrs || got.stdout != "narrow: 2 partitions, delete\nstate: 1 partition, compact\nnew: 2 partitions, compact\n" {
		t.Errorf("%+v, want %s", got, wantErrs)
	}
}

// Brokers that don't come are waited for as long as is said, and named.
func TestBrokersThatDoNotComeAreNamed(t *testing.T) {
	t.Parallel()
	nobody := testkit.HeldAddress(t)
	got := runWith(t, []string{"SHOPMESH_KAFKA_BROKERS=" + nobody}, "--timeout", "300ms", local)
	if got.code != command.ExitFailed || got.stdout != "" || !strings.HasPrefix(lastLine(got.stderr), "topics: the brokers "+nobody+" did not answer within 300ms: ") {
		t.Errorf("%+v", got)
	}
}

// What can't be tried ends with 2 and a sentence: a line of the list with its file and number, a
// variable by its name.
func TestWhatIsNotTried(t *testing.T) {
	t.Parallel()
	environ := []string{"SHOPMESH_KAFKA_BROKERS=127.0.0.1:1"}
	twice := listing(t, "# topic", "order\t1\tdelete\torder\t", "order\t1\tdelete\torder\t")
	short, none, many := listing(t, "order\t1\tdelete"), listing(t, "", "order\tfour\tdelete\torder\t"), listing(t, "order\t0\tdelete\torder\t")
	policy, name := listing(t, "order\t1\tdelete,compact\torder\t"), listing(t, "order topic\t1\tdelete\torder\t")
	empty := listing(t, "# topic")
	for want, row := range map[string]struct {
		environ, args []string
	}{
		twice + ":3: the topic order is in line 2 already":                                      {environ, []string{twice}},
		short + ":1: it has 3 columns: write topic, partitions, cleanup.policy, publishers":     {environ, []string{short}},
		none + `:2: "four" is no number of partitions from 1 to`:                                {environ, []string{none}},
		many + `:1: "0" is no number of partitions from 1 to`:                                   {environ, []string{many}},
		policy + `:1: the cleanup.policy "delete,compact" is neither delete nor compact`:        {environ, []string{policy}},
		name + `:1: "order topic" is no name of a topic`:                                        {environ, []string{name}},
		empty + " lists no topic":                                                               {environ, []string{empty}},
		"no such file":                                                                          {environ, []string{filepath.Join(t.TempDir(), "missing")}},
		"topics takes one file, and got 0; see topics --help":                                   {environ, nil},
		"--timeout 0s: give a time of more than 0":                                              {environ, []string{"--timeout", "0s", local}},
		"SHOPMESH_KAFKA_BROKERS is not set: give the brokers' addresses":                        {nil, []string{local}},
		`SHOPMESH_KAFKA_TLS: "yes" is neither on nor off`:                                       {append(environ, "SHOPMESH_KAFKA_TLS=yes"), []string{local}},
		"SHOPMESH_KAFKA_SASL_PASSWORD is not set":                                               {append(environ, "SHOPMESH_KAFKA_SASL_MECHANISM=SCRAM-SHA-512", "SHOPMESH_KAFKA_SASL_USERNAME=admin"), []string{local}},
		"SHOPMESH_KAFKA_BROKER is no variable of Shopmesh: did you mean SHOPMESH_KAFKA_BROKERS": {[]string{"SHOPMESH_KAFKA_BROKER=127.0.0.1:1"}, []string{local}},
	} {
		args := append([]string{"--timeout", "10ms"}, row.args...) // for what is tried by mistake
		if got := runWith(t, row.environ, args...); got.code != command.ExitUsage || got.stdout != "" || !strings.HasPrefix(got.stderr, "topics: ") || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: %+v, want %s", row.args, got, want)
		}
	}
}
