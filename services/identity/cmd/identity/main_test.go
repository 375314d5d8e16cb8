package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	identityv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1"
	"github.com/shopmesh/shopmesh/gen/go/shopmesh/identity/v1/identityv1connect"
	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/app/apptest"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/pg"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

// childVariable makes this test program the program identity itself.
const childVariable = "IDENTITY_TEST_CHILD"

// TestMain runs all tests, except in the children that tests start, which are the program.
func TestMain(m *testing.M) {
	if os.Getenv(childVariable) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// result is what the program printed and its exit code.
type result struct {
	code           int
	stdout, stderr string
}

// run runs the program with an environment and arguments.
func run(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	var stdout, stderr bytes.Buffer
	program := exec.CommandContext(t.Context(), os.Args[0], args...)
	program.Env, program.Stdout, program.Stderr = slices.Concat(environ, []string{childVariable + "=1"}), &stdout, &stderr
	_ = program.Run() // the exit code tells
	return result{program.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// Whoever runs the program beside an identity that serves, as by kubectl exec, gets tokens and
// owners' links from it: at the socket of the service's own variable, or at the one that is
// named. No other program is needed.
func TestOperatorsNeedNoOtherProgram(t *testing.T) {
	t.Parallel()
	const publicURL = "http://shop.localhost" // not https: the owner would need a second factor
	socket := filepath.Join(t.TempDir(), "operator.sock")
	keys, err := services.NewServiceKeys(identity.Name)
	if err != nil {
		t.Fatal(err)
	}
	config := app.ContextConfig{Database: pg.Config{URL: testkit.DatabaseURL(t, identity.Migrations())}, Kafka: testkit.Broker(t)}
	process := app.Process{Name: identity.Name, OperatorSocket: socket}
	services.Trust{PublicURL: publicURL, Keys: keys, Self: []string{identity.Name}, Kafka: config.Kafka}.Apply(&process)
	addresses, _ := apptest.Serve(t, process, identity.Module(identity.Config{
		Context: config, Key: identity.NewKey(), PublicURL: publicURL, Contexts: services.Contexts(),
	}))
	inPod := []string{app.OperatorSocketVariable + "=" + socket}

	created := run(t, inPod, "owner", "create", "--email", "ada@example.com")
	_, invitation, found := strings.Cut(strings.TrimSpace(created.stdout), publicURL+"/accept-invitation#")
	if created.code != 0 || created.stderr != "" || !found {
		t.Fatalf("owner create: %+v", created)
	}
	_, err = identityv1connect.NewStaffServiceClient(testkit.Client(t, addresses.API)).AcceptInvite(t.Context(), &identityv1.AcceptInviteRequest{
		Token: invitation, Password: "seven unlikely otters sing", FirstName: "Ada",
	})
	if err != nil {
		t.Fatal(err)
	}
	issued := run(t, inPod, "token", "--as", "owner", "--for", "15m")
	if issued.code != 0 || issued.stderr != "" {
		t.Fatalf("token: %+v", issued)
	}
	accounts, err := identityv1connect.NewStaffServiceClient(testkit.Client(t, addresses.API, token.Show(strings.TrimSpace(issued.stdout)))).
		ListAccounts(t.Context(), &identityv1.ListAccountsRequest{})
	if err != nil || len(accounts.GetAccounts()) != 1 || accounts.GetAccounts()[0].GetEmail() != "ada@example.com" {
		t.Errorf("what the token opens: %v, %v", accounts, err)
	}
	var link struct {
		Purpose    string
		ExpireTime time.Time `json:"expire_time"`
	}
	renewed := run(t, nil, "owner", "link", "--email", "ada@example.com", "--socket", socket, "--json")
	if err := json.Unmarshal([]byte(renewed.stdout), &link); err != nil || link.Purpose != "reset_password" || time.Until(link.ExpireTime) < 25*time.Minute {
		t.Errorf("owner link: %+v, %v", renewed, err)
	}
	for want, row := range map[string]struct {
		code          int
		environ, args []string
	}{
		"identity: SHOPMESH_OPERATOR_SOCKET is not set: name the socket":    {command.ExitUsage, nil, []string{"token", "--as", "owner"}},
		"identity: no shop that you may operate answers at " + socket + "x": {command.ExitFailed, inPod, []string{"token", "--as", "owner", "--socket", socket + "x"}},
		"identity: nobody with this e-mail address has":                     {command.ExitUsage, inPod, []string{"owner", "link", "--email", "eve@example.com"}},
		"identity owner needs a command: create or link":                    {command.ExitUsage, inPod, []string{"owner"}},
		"write owner, staff:PERMISSION":                                     {command.ExitUsage, inPod, []string{"token", "--as", "root"}},
		"see identity token --help":                                         {command.ExitUsage, inPod, []string{"token", "--data", "/srv/shop"}},
		"identity takes no argument but token, owner, version and --help":   {command.ExitUsage, inPod, []string{"audit"}},
	} {
		if got := run(t, row.environ, row.args...); got.code != row.code || got.stdout != "" || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: %+v", row.args, got)
		}
	}
}

// The program explains its commands, and each command itself.
func TestTheProgramExplainsItsCommands(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"--help":              "identity token",
		"token --help":        "identity token --as owner --for 15m",
		"owner --help":        "link",
		"owner create --help": app.OperatorSocketVariable,
	} {
		if got := run(t, nil, strings.Fields(line)...); got.code != 0 || got.stderr != "" || !strings.Contains(got.stdout, want) {
			t.Errorf("%s lacks %q: %+v", line, want, got)
		}
	}
	if got := run(t, nil, "version"); got.code != 0 || !strings.HasPrefix(got.stdout, "identity ") {
		t.Errorf("version: %+v", got)
	}
}
