package app_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
)

// While the database is away the process is not ready, unless who asks leaves it out: a
// balancer then keeps the replicas, which all use the same one, and clients get our error.
func TestReadinessWithoutTheDatabase(t *testing.T) {
	t.Parallel()
	cfg := contextOf(t)
	process := serve(t, app.Process{Name: "parcel"}, module(cfg, make(chan *parcel, 1)))
	server, err := pgx.ParseConfig(cfg.Database.URL)
	if err != nil {
		t.Fatal(err)
	}
	name := server.Database
	server.Database = "postgres"
	admin, err := pgx.ConnectConfig(t.Context(), server)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = admin.Close(context.WithoutCancel(t.Context())) }()
	for _, statement := range []string{
		`alter database ` + name + ` allow_connections false`,
		`select pg_terminate_backend(pid) from pg_stat_activity where datname = '` + name + `'`,
	} {
		if _, err := admin.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	testkit.Eventually(t, "the process is not ready", func() bool {
		code, body := get(t, process.Internal+"/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, "the database does not answer")
	})
	if code, body := get(t, process.Internal+"/readyz?exclude=database"); code != http.StatusOK || !strings.Contains(body, "the database does not answer") {
		t.Errorf("without the database it is %d %s", code, body)
	}
	if code, body := get(t, process.Internal+"/readyz?exclude=broker"); code != http.StatusBadRequest || !strings.Contains(body, `"broker" is no check`) {
		t.Errorf("without what there is not it is %d %s", code, body)
	}
}
