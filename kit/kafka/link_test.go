package kafka_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/certs"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func publish(t *testing.T, client *kgo.Client) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
	defer cancel()
	record := client.Produce
	done := make(chan error, 1)
	record(ctx, &kgo.Record{Topic: "parcels", Value: []byte("x")}, func(_ *kgo.Record, err error) { done <- err })
	_ = client.Flush(ctx)
	return <-done
}

// A broker whose certificate expired is reported by name and date, once, however often it
// is tried; when it has a good one, the same clients go on.
func TestABrokersCertificateExpires(t *testing.T) {
	t.Parallel()
	certificate := testkit.NewServer(t)
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(certificate.Config()), kfake.SeedTopics(1, "parcels"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	var log testkit.Lines
	cfg := kafka.Config{Brokers: cluster.ListenAddrs(), TLS: &certs.Files{CA: certificate.CAFile}, Link: kafka.NewLink(log.Log())}
	certificate.Expire()
	producer, err := kafka.NewProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(producer.Close)
	if err := publish(t, producer); err == nil {
		t.Fatal("an event went to a broker whose certificate expired")
	}
	for _, reported := range []string{log.String(), cfg.Link.Condition(0).Error()} {
		for _, want := range []string{cluster.ListenAddrs()[0], "the certificate of localhost, 127.0.0.1", certificate.Expired.Format(time.RFC3339), "the broker is away"} {
			if !strings.Contains(reported, want) {
				t.Errorf("it lacks %q: %s", want, reported)
			}
		}
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
	certificate.Renew()
	testkit.Eventually(t, "an event goes", func() bool { return publish(t, producer) == nil })
	if err := cfg.Link.Condition(0); err != nil {
		t.Errorf("renewed: %v", err)
	}
}

// The link reports a broker that is gone, and of its return.
func TestABrokerIsAway(t *testing.T) {
	t.Parallel()
	var gate testkit.Gate
	var log testkit.Lines
	cfg := gate.Behind(testkit.Broker(t))
	cfg.Link = kafka.NewLink(log.Log())
	if err := kafka.EnsureTopics(t.Context(), cfg, []kafka.Topic{{Name: "parcels"}}); err != nil {
		t.Fatal(err)
	}
	producer, err := kafka.NewProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(producer.Close)
	if err := publish(t, producer); err != nil || cfg.Link.Condition(0) != nil {
		t.Fatalf("the broker is there: %v, %v", err, cfg.Link.Condition(0))
	}
	gate.Shut()
	if err := publish(t, producer); err == nil {
		t.Fatal("an event went through a shut gate")
	}
	if err := cfg.Link.Condition(0); err == nil || !strings.Contains(err.Error(), "the gate is shut") {
		t.Errorf("reported %v", err)
	}
	gate.Open()
	testkit.Eventually(t, "an event goes", func() bool { return publish(t, producer) == nil })
	if err := cfg.Link.Condition(0); err != nil {
		t.Errorf("it is back: %v", err)
	}
	if n := strings.Count(log.String(), "\n"); n != 2 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}
