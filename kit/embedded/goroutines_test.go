package embedded_test

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/embedded/broker"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/internal/embeddedtest"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
)

// After everything is closed, no goroutine of it is left. The test is not parallel, because
// it examines all goroutines of the process.
func TestNoGoroutineIsLeft(t *testing.T) {
	data := embeddedtest.OpenDataDir(t, filepath.Join(embeddedtest.PassableDir(t), "shop"))
	t.Run("postgres, broker and inbox together", func(t *testing.T) {
		p, err := postgres.Start(t.Context(), postgres.Config{Dir: data.Postgres(), Databases: []string{"orders"}, Logger: embeddedtest.Log(t)})
		if err != nil {
			t.Fatal(err)
		}
		closing := context.WithoutCancel(t.Context())
		defer func() { failOn(t, p.Close(closing)) }()
		b, err := broker.Start(t.Context(), broker.Config{Dir: data.Broker(), TrimInterval: time.Millisecond, Logger: embeddedtest.Log(t)})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { failOn(t, b.Close()) }()
		produce(t, b)
		i, err := inbox.Open(data.Inbox(), "127.0.0.1:0", embeddedtest.Log(t))
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- i.Serve() }()
		defer func() {
			failOn(t, i.Close(closing))
			failOn(t, <-served)
		}()
		mail := strings.NewReader("Subject: one\r\n\r\nHello.\r\n")
		client, err := smtp.Dial(i.Addr())
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		failOn(t, client.SendMail("shop@example.com", []string{"ada@example.com"}, mail))
	})
	stacks := make([]byte, 4<<20)
	embeddedtest.Eventually(t, "all goroutines end", func() bool {
		text := string(stacks[:runtime.Stack(stacks, true)])
		for stack := range strings.SplitSeq(text, "\n\n") {
			if strings.Contains(stack, "testing.tRunner") {
				continue // this test
			}
			for _, part := range []string{"kit/embedded", "kfake.", "go-smtp."} {
				if strings.Contains(stack, part) {
					return false
				}
			}
		}
		return true
	})
}

func failOn(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
}

// produce publishes and consumes ten records.
func produce(t *testing.T, b *broker.Broker) {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(b.Addrs()...), kgo.Dialer(b.Dial),
		kgo.ConsumerGroup("consumer"), kgo.ConsumeTopics("things"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := kadm.NewClient(client).CreateTopic(t.Context(), 1, 1, nil, "things"); err != nil {
		t.Fatal(err)
	}
	for range 10 {
		if err := client.ProduceSync(t.Context(), &kgo.Record{Topic: "things", Value: []byte("x")}).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
	for consumed := 0; consumed < 10; {
		fetches := client.PollFetches(t.Context())
		if err := fetches.Err0(); err != nil {
			t.Fatal(err)
		}
		consumed += fetches.NumRecords()
	}
}
