package app_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/twmb/franz-go/pkg/kfake"

	operationsv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/operations/v1/operationsv1connect"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// The certificates of the database and the broker expire one after the other while a
// process runs. Its log, readiness and status name the certificate and what to do. Once a
// certificate is renewed, the same process goes on, and publishes and consumes what had
// to wait.
func TestCertificatesExpireUnderAProcess(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig(testkit.DatabaseURL(t, fstest.MapFS{}))
	if err != nil {
		t.Fatal(err)
	}
	forDatabase, forBroker := testkit.NewServer(t), testkit.NewServer(t)
	forDatabase.Expired = forDatabase.Expired.Add(-time.Hour) // differs from the other
	database := forDatabase.Front("unix", config.Host+"/.s.PGSQL.5432")
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(config.User, config.Password), Host: database.Addr(), Path: "/" + config.Database,
		RawQuery: url.Values{"sslmode": {"verify-full"}, "sslrootcert": {forDatabase.CAFile}}.Encode(),
	}
	var brokerConns testkit.Listeners
	broker, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.TLS(forBroker.Config()), kfake.ListenFn(brokerConns.Listen))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(broker.Close)
	env, err := app.ReadEnvironment(app.Program{Name: "parcel"}, []string{
		"SHOPMESH_DATABASE_URL=" + address.String(), "SHOPMESH_KAFKA_BROKERS=" + strings.Join(broker.ListenAddrs(), ","),
		"SHOPMESH_KAFKA_TLS=on", "SHOPMESH_KAFKA_CA=" + forBroker.CAFile,
	})
	if err != nil {
		t.Fatal(err)
	}
	env.Context.SoleWriter = true
	env.Process.NeedsPeers = false // config, whose settings of the edge it would follow
	log := &testkit.Lines{}
	env.Process.Log = log.Log()
	parcels := make(chan *parcel, 1)
	process := serve(t, env.Process, module(env.Context, parcels))
	p := <-parcels
	operators := operationsv1connect.NewOperationsServiceClient(connect.NewClient(connecthttp.NewTransport(http.DefaultClient, process.Internal)))
	publish := func(text string) {
		t.Helper()
		testkit.Eventually(t, "an event is written", func() bool { return p.publish(t.Context(), uuid.New(), text) == nil })
	}
	consume := func(want string) {
		t.Helper()
		testkit.Eventually(t, want+" is consumed", func() bool {
			select {
			case text := <-p.consumed:
				return text == want
			default:
				return false
			}
		})
		testkit.Eventually(t, "nothing is wrong", func() bool {
			code, body := get(t, process.Internal+"/readyz")
			return code == http.StatusOK && !strings.Contains(body, "certificate")
		})
	}
	// shown waits until readiness and status name the certificate and what to do.
	shown := func(code int, what string, end time.Time) {
		t.Helper()
		named := func(text string) bool {
			return strings.Contains(text, "the certificate of localhost, 127.0.0.1") && strings.Contains(text, end.Format(time.RFC3339)+" only: renew it there")
		}
		testkit.Eventually(t, "readiness names the certificate", func() bool {
			got, body := get(t, process.Internal+"/readyz")
			return got == code && strings.Contains(body, what) && named(body)
		})
		res, err := operators.GetStatus(t.Context(), &operationsv1.GetStatusRequest{})
		if err != nil {
			t.Fatal(err)
		}
		if status := res.GetContexts()[0]; !named(status.GetCause() + strings.Join(status.GetConditions(), "")) {
			t.Errorf("status is %v", status)
		}
		if lines := log.Warnings(); len(lines) > 8 || !named(strings.Join(lines, "")) {
			t.Errorf("the log has %d warnings:\n%s", len(lines), strings.Join(lines, ""))
		}
	}
	publish("before")
	consume("before")

	forBroker.Expire()
	brokerConns.Cut()
	publish("while the broker's certificate is old")
	shown(http.StatusOK, "the broker is away", forBroker.Expired)
	forBroker.Renew()
	consume("while the broker's certificate is old")

	forDatabase.Expire()
	database.Cut()
	shown(http.StatusServiceUnavailable, "the database does not answer", forDatabase.Expired)
	forDatabase.Renew()
	publish("after both")
	consume("after both")
	if err := process.stop(); err != nil {
		t.Errorf("stop: %v", err)
	}
}
