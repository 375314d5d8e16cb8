//go:build faults && linux

package embedded_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"

	"github.com/emersion/go-smtp"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/kit/embedded/broker"
	"github.com/shopmesh/shopmesh/kit/embedded/inbox"
	"github.com/shopmesh/shopmesh/kit/embedded/postgres"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

func mailOf(n int) *strings.Reader {
	return strings.NewReader(fmt.Sprintf("Message-ID: <%d@example.com>\r\nSubject: %d\r\n\r\n%s\r\n", n, n, strings.Repeat("Hello.\r\n", 5000)))
}

// On a full disk the inbox answers 452 and reports it; every mail that it took before is
// there; with space again it goes on, and after a new start every mail is there.
func TestTheInboxOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := testkit.NewDisk(t, 2)
	dir := filepath.Join(disk.Path, "inbox")
	open := func() *inbox.Inbox {
		box, err := inbox.Open(dir, "127.0.0.1:0", testkit.Log(t))
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = box.Serve() }()
		return box
	}
	box := open()
	client, err := smtp.Dial(box.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	send := func(n int) error { return client.SendMail("shop@example.com", []string{"ada@example.com"}, mailOf(n)) }
	taken := 0
	for ; taken < 5; taken++ {
		if err := send(taken); err != nil {
			t.Fatal(err)
		}
	}
	disk.Fill()
	for {
		if err = send(taken); err != nil {
			break
		}
		taken++ // what was left of a block
	}
	if !strings.Contains(err.Error(), "full") {
		t.Errorf("it answered %v", err)
	}
	if refused, ok := err.(*smtp.SMTPError); !ok || refused.Code != 452 { //nolint:errorlint // as the client makes it
		t.Errorf("it answered %v", err)
	}
	if err := box.Condition(t.Context()); err == nil || !strings.Contains(err.Error(), "make room") {
		t.Errorf("the inbox reports %v", err)
	}
	if err := send(taken); err == nil {
		t.Error("taken on a full disk")
	}
	disk.Free()
	for range 3 {
		if err := send(taken); err != nil {
			t.Fatalf("with space again: %v", err)
		}
		taken++
	}
	if err := box.Condition(t.Context()); err != nil {
		t.Errorf("with space again: %v", err)
	}
	if err := box.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	box = open()
	n := 0
	for m, err := range box.Mails() {
		if err != nil || m.Subject != fmt.Sprint(taken-1-n) {
			t.Fatalf("mail %d: %q, %v", n, m.Subject, err)
		}
		n++
	}
	if n != taken {
		t.Errorf("%d mails are there, %d were taken", n, taken)
	}
	if err := box.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

// On a full disk the broker acknowledges nothing that it did not store; with space
// again the same producer goes on; whatever was acknowledged is there in order, also
// after a new start.
func TestTheBrokerOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := testkit.NewDisk(t, 4)
	start := func() (*broker.Broker, kafka.Config) {
		b, err := broker.Start(t.Context(), broker.Config{Dir: filepath.Join(disk.Path, "broker"), Logger: testkit.Log(t)})
		if err != nil {
			t.Fatal(err)
		}
		return b, kafka.Config{Brokers: b.Addrs(), Dial: b.Dial, Embedded: true, Log: slog.New(slog.DiscardHandler)}
	}
	running, cfg := start()
	if err := kafka.EnsureTopics(t.Context(), cfg, []kafka.Topic{{Name: "parcels"}}); err != nil {
		t.Fatal(err)
	}
	producer, err := kafka.NewProducer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	// One at a time, each again until it is acknowledged, as the outbox's relay does.
	produce := func(n int) error {
		value := fmt.Sprintf("%d %s", n, strings.Repeat("x", 3000))
		done := make(chan error, 1)
		producer.Produce(t.Context(), &kgo.Record{Topic: "parcels", Value: []byte(value)}, func(_ *kgo.Record, err error) { done <- err })
		_ = producer.Flush(t.Context())
		err := <-done
		if err == nil {
			acknowledged = append(acknowledged, value)
		}
		return err
	}
	next := 0
	for ; next < 50; next++ {
		if err := produce(next); err != nil {
			t.Fatal(err)
		}
	}
	disk.Fill()
	for produce(next) == nil {
		next++
	}
	for range 3 {
		if produce(next) == nil {
			t.Fatal("acknowledged on a full disk")
		}
	}
	disk.Free()
	testkit.Eventually(t, "an event is taken", func() bool { return produce(next) == nil })
	for next++; next < 200; next++ {
		if err := produce(next); err != nil {
			t.Fatalf("with space again: %v", err)
		}
	}
	producer.Close()
	read := func(cfg kafka.Config) {
		t.Helper()
		client, err := kgo.NewClient(kgo.SeedBrokers(cfg.Brokers...), kgo.Dialer(cfg.Dial), kgo.ConsumeTopics("parcels"),
			kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()))
		if err != nil {
			t.Fatal(err)
		}
		defer client.Close()
		ctx, cancel := context.WithTimeout(t.Context(), testkit.Patience)
		defer cancel()
		got := map[string]bool{}
		last := -1
		for len(got) < len(acknowledged) {
			fetches := client.PollFetches(ctx)
			if ctx.Err() != nil {
				t.Fatalf("%d of %d acknowledged events are there", len(got), len(acknowledged))
			}
			fetches.EachRecord(func(r *kgo.Record) {
				var n int
				_, _ = fmt.Sscan(string(r.Value), &n)
				if n < last {
					t.Errorf("%d came behind %d", n, last)
				}
				last = n
				got[string(r.Value)] = true
			})
		}
	}
	read(cfg)
	if err := running.Close(); err != nil {
		t.Error(err)
	}
	running, cfg = start()
	read(cfg)
	if err := running.Close(); err != nil {
		t.Error(err)
	}
}

// A disk that is too small for a database is named in one sentence.
func TestTheFirstStartOnAFullDisk(t *testing.T) {
	t.Parallel()
	disk := testkit.NewDisk(t, 20)
	config := postgres.Config{Dir: filepath.Join(disk.Path, "postgres"), Logger: testkit.Log(t)}
	_, err := postgres.Start(t.Context(), config)
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "the disk of "+config.Dir+" is full") {
		t.Errorf("got %v", err)
	}
}
