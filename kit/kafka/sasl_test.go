package kafka_test

import (
	"strings"
	"testing"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/kafka"
)

// A broker that requires its clients to authenticate takes each mechanism, and refuses a
// wrong password; the error does not show it.
func TestABrokerKnowsItsClients(t *testing.T) {
	t.Parallel()
	options := []kfake.Opt{kfake.NumBrokers(1), kfake.EnableSASL(), kfake.SeedTopics(1, "known")}
	for _, mechanism := range kafka.SASLMechanisms() {
		options = append(options, kfake.User(mechanism, "order "+mechanism, "hunter2"))
	}
	broker, err := kfake.NewCluster(options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	produce := func(t *testing.T, mechanism, password string) error {
		t.Helper()
		sasl, err := kafka.NewSASL(mechanism, "order "+mechanism, password)
		if err != nil {
			t.Fatal(err)
		}
		producer, err := kafka.NewProducer(kafka.Config{Brokers: broker.ListenAddrs(), SASL: sasl})
		if err != nil {
			return err
		}
		defer producer.Close()
		return producer.ProduceSync(t.Context(), &kgo.Record{Topic: "known", Value: []byte("x")}).FirstErr()
	}
	for _, mechanism := range kafka.SASLMechanisms() {
		t.Run(mechanism, func(t *testing.T) {
			t.Parallel()
			if err := produce(t, mechanism, "hunter2"); err != nil {
				t.Error(err)
			}
			if err := produce(t, mechanism, "hunter3"); err == nil || strings.Contains(err.Error(), "hunter") {
				t.Errorf("with a wrong password: %v", err)
			}
		})
	}
	if _, err := kafka.NewSASL("GSSAPI", "order", "hunter2"); err == nil {
		t.Error("a mechanism that is not there is taken")
	}
}
