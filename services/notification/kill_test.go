package notification_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	notificationv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/notification/v1"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/notification"
	"github.com/shopmesh/shopmesh/services/notification/internal/events"
	"github.com/shopmesh/shopmesh/services/notification/internal/smtp/smtptest"
)

// mortal is notification as a process of its own, which a test kills: the program as
// it is shipped, against a mail server that keeps all it is sent, twice too.
type mortal struct {
	*harness
	program string
	env     []string
	server  *smtptest.Server
	child   *exec.Cmd
	broker  *kgo.Client
}

func openMortal(t *testing.T, reply func(verb, argument string) string) *mortal {
	t.Helper()
	dir := t.TempDir()
	m := &mortal{program: filepath.Join(dir, "notification"), server: smtptest.New(t, smtptest.Options{Reply: reply})}
	if out, err := exec.Command("go", "build", "-o", m.program, "./cmd/notification").CombinedOutput(); err != nil {
		t.Fatalf("build notification: %v\n%s", err, out)
	}
	settings := filepath.Join(dir, "settings.json")
	if err := os.WriteFile(settings, []byte(quick(options{})), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := services.WriteServiceKeys(dir, notification.Name); err != nil {
		t.Fatal(err)
	}
	database, broker := testkit.DatabaseURL(t, notification.Migrations()), testkit.Broker(t)
	m.harness = &harness{t: t, pool: testkit.Open(t, pg.Config{URL: database})}
	// The program refuses variables that are none of its own, such as SHOPMESH_CACHE.
	m.env = slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "SHOPMESH_") })
	m.env = append(m.env,
		"SHOPMESH_DATABASE_URL="+database, "SHOPMESH_KAFKA_BROKERS="+broker.Brokers[0], "SHOPMESH_SETTINGS="+settings,
		"SHOPMESH_CONFIG_URL=http://127.0.0.1:1", "SHOPMESH_SMTP_URL="+smtptest.URL(m.server.Addr()), "SHOPMESH_LISTEN=127.0.0.1:0", "SHOPMESH_INTERNAL_LISTEN=127.0.0.1:0",
		"SHOPMESH_PUBLIC_URL=http://shopmesh.localhost", "SHOPMESH_SERVICE_KEYS="+filepath.Join(dir, services.PublicKeysFile),
		"SHOPMESH_SERVICE_KEY_FILE="+filepath.Join(dir, services.PrivateKeyFile(notification.Name)),
		"SHOPMESH_IDENTITY_URL=http://127.0.0.1:1", "SHOPMESH_ORDER_URL=http://127.0.0.1:1") // no mail of these tests has a link
	m.broker = newClient(t, broker)
	m.events = testkit.NewEvents(t, broker, events.NotificationTopic)
	m.start()
	t.Cleanup(m.kill)
	return m
}

func (m *mortal) start() {
	m.t.Helper()
	m.child = exec.Command(m.program)
	m.child.Env = m.env
	m.child.Stderr = m.t.Output()
	if err := m.child.Start(); err != nil {
		m.t.Fatal(err)
	}
}

func newClient(t *testing.T, broker kafka.Config) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// kill ends the process at once, as a power cut would.
func (m *mortal) kill() {
	if m.child == nil {
		return
	}
	_ = m.child.Process.Kill()
	_ = m.child.Wait()
	m.child = nil
	m.evict()
}

// evict takes the dead process out of its consumer groups. The broker would do so by
// itself after ten seconds, once for each process that died: on a busy machine several
// such waits outlasted the test's patience.
func (m *mortal) evict() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(m.t.Context()), testkit.Patience)
	defer cancel()
	groups, err := kadm.NewClient(m.broker).DescribeGroups(ctx)
	if err != nil {
		m.t.Error(err)
		return
	}
	for _, group := range groups {
		for _, member := range group.Members {
			leave := kmsg.NewPtrLeaveGroupRequest()
			leave.Group, leave.MemberID = group.Group, member.MemberID
			gone := kmsg.NewLeaveGroupRequestMember()
			gone.MemberID = member.MemberID
			leave.Members = append(leave.Members, gone)
			if _, err := leave.RequestWith(ctx, m.broker); err != nil {
				m.t.Error(err)
			}
		}
	}
}

// ids are the Message-IDs of the mails to an order's customer that the mail server
// was given, in order.
func (m *mortal) ids(o order) []string {
	var ids []string
	for _, r := range m.server.Mails() {
		if strings.Contains(r.To, o.email) {
			ids = append(ids, r.MessageID)
		}
	}
	return ids
}

// mailbox reads an order's mail: its status and attempts.
func (m *mortal) mailbox(o order) (status notificationv1.NotificationStatus, attempts int) {
	m.t.Helper()
	rows, err := m.pool.Query(m.t.Context(), `select status, attempt_count from notifications where order_id = $1`, o.id)
	if err != nil {
		m.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var n int32
		if err := rows.Scan(&n, &attempts); err != nil {
			m.t.Fatal(err)
		}
		status = notificationv1.NotificationStatus(n)
	}
	if err := rows.Err(); err != nil {
		m.t.Fatal(err)
	}
	return status, attempts
}

func (m *mortal) waitSent(o order) {
	m.t.Helper()
	testkit.Eventually(m.t, "the mail is sent", func() bool {
		status, _ := m.mailbox(o)
		return status == sent
	})
}

// wantOnce checks that later deaths and lives make no other mail of an order.
func (m *mortal) wantOnce(o order, copies int) {
	m.t.Helper()
	m.kill()
	m.start()
	marker := newOrder()
	m.publish(o.confirmed(), marker.confirmed())
	m.waitSent(marker)
	m.waitEvents(marker, 1)
	ids := m.ids(o)
	if len(ids) != copies || len(slices.Compact(ids)) != 1 || ids[0] == "" {
		m.t.Errorf("the mail server was given %v, want %d times the same", m.ids(o), copies)
	}
	status, attempts := m.mailbox(o)
	if status != sent || attempts != 1 {
		m.t.Errorf("the mailbox has %v after %d attempts", status, attempts)
	}
	for _, one := range m.waitEvents(o, 1) {
		if _, ok := one.message.(*notificationv1.NotificationSent); !ok {
			m.t.Errorf("it published %v", one.message)
		}
	}
}

// The mail server has the mail, and the process dies before it learns of it. The next one
// can't know: it hands the same mail over again, under the same Message-ID.
func TestAProcessKilledBeforeTheAnswerHandsTheSameMailOver(t *testing.T) {
	t.Parallel()
	taken, answer := make(chan struct{}), make(chan struct{})
	var first sync.Once
	m := openMortal(t, func(verb, _ string) string {
		if verb == "." {
			first.Do(func() {
				close(taken)
				<-answer
			})
		}
		return ""
	})
	o := newOrder()
	m.publish(o.confirmed())
	<-taken
	m.kill()
	close(answer)
	if status, attempts := m.mailbox(o); status != pending || attempts != 0 {
		t.Errorf("the mailbox has %v after %d attempts", status, attempts)
	}
	m.start()
	m.waitSent(o)
	m.wantOnce(o, 2)
}

// holdOutcomes has the database wait in the commit of an outcome, when the process
// has nothing more to publish, and returns how to let it go on.
func (m *mortal) holdOutcomes(publish func()) (release func()) {
	m.t.Helper()
	ctx := m.t.Context()
	_, err := m.pool.Exec(ctx, `create function hold() returns trigger language plpgsql as $$
		begin perform pg_advisory_xact_lock(250); return null; end $$;
		create constraint trigger hold after insert on delivery_attempts deferrable initially deferred
		for each row execute function hold();`, pgx.QueryExecModeSimpleProtocol)
	if err != nil {
		m.t.Fatal(err)
	}
	conn, err := m.pool.Acquire(ctx)
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(sync.OnceFunc(conn.Release)) // closing the pool waits for it
	if _, err := conn.Exec(ctx, `select pg_advisory_lock(250)`); err != nil {
		m.t.Fatal(err)
	}
	publish()
	testkit.Eventually(m.t, "an outcome is about to be committed", func() bool {
		var n int
		return m.pool.QueryRow(ctx, "select count(*) "+heldOutcomes).Scan(&n) == nil && n == 1
	})
	return func() {
		m.t.Helper()
		if _, err := conn.Exec(ctx, `select pg_advisory_unlock(250)`); err != nil {
			m.t.Error(err)
		}
	}
}

const heldOutcomes = `from pg_locks where not granted and locktype = 'advisory' and objid = 250
	and database = (select oid from pg_database where datname = current_database())`

// The process dies between the mail server's 250 and its commit, and the transaction
// with it: the mailbox doesn't know, so the same mail is handed over again.
func TestAProcessKilledBeforeItsCommitHandsTheSameMailOver(t *testing.T) {
	t.Parallel()
	m := openMortal(t, nil)
	o := newOrder()
	release := m.holdOutcomes(func() { m.publish(o.confirmed()) })
	m.kill()
	if _, err := m.pool.Exec(t.Context(), "select pg_terminate_backend(pid, 10000) "+heldOutcomes); err != nil {
		t.Fatal(err)
	}
	release()
	if status, attempts := m.mailbox(o); status != pending || attempts != 0 || len(m.ids(o)) != 1 {
		t.Errorf("the mailbox has %v after %d attempts, the mail server has %v", status, attempts, m.ids(o))
	}
	m.start()
	m.waitSent(o)
	m.wantOnce(o, 2)
}

// The process dies when its commit is on its way, and the database completes it: the
// mailbox knows, and nothing is handed over again.
func TestAProcessKilledAfterItsCommitLeftSendsNoSecondMail(t *testing.T) {
	t.Parallel()
	m := openMortal(t, nil)
	o := newOrder()
	release := m.holdOutcomes(func() { m.publish(o.confirmed()) })
	m.kill()
	release()
	m.waitSent(o)
	m.start()
	m.wantOnce(o, 1)
}
