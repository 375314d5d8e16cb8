package process

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/shopmesh/shopmesh/services"
	"github.com/shopmesh/shopmesh/services/identity"
)

// identityKey encrypts the secrets of shops that live as long as a test.
const identityKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// Service is the environment of one service.
type Service struct {
	Name              string            // its context
	Keys              string            // the folder of services.WriteServiceKeys
	OperatorSocket    string            // a path; identity opens it
	Listen, Internal  string            // host:port of the API and for operators
	Database, Sandbox string            // URLs; Sandbox is the provider's ledger, which payment keeps
	Broker, SMTP      string            // host:port, and a URL
	Peers             map[string]string // the API's URL by context
}

// Env is the service's environment.
func (s Service) Env() []string {
	env := []string{
		"SHOPMESH_DATABASE_URL=" + s.Database,
		"SHOPMESH_SANDBOX_DATABASE_URL=" + s.Sandbox,
		"SHOPMESH_KAFKA_BROKERS=" + s.Broker,
		"SHOPMESH_SMTP_URL=" + s.SMTP,
		"SHOPMESH_PUBLIC_URL=http://shopmesh.localhost",
		"SHOPMESH_IDENTITY_KEY=" + identityKey,
		"SHOPMESH_SERVICE_KEY_FILE=" + filepath.Join(s.Keys, services.PrivateKeyFile(s.Name)),
		"SHOPMESH_SERVICE_KEYS=" + filepath.Join(s.Keys, services.PublicKeysFile),
		"SHOPMESH_LISTEN=" + s.Listen,
		"SHOPMESH_INTERNAL_LISTEN=" + s.Internal,
	}
	if s.Name == identity.Name {
		env = append(env, "SHOPMESH_OPERATOR_SOCKET="+s.OperatorSocket)
	}
	for context, address := range s.Peers {
		env = append(env, fmt.Sprintf("SHOPMESH_%s_URL=%s", strings.ToUpper(context), address))
	}
	return env
}

// CheckReady returns an error while a process, named by the URL of its internal port, is
// not ready.
func CheckReady(ctx context.Context, internal string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, internal+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(res.Body)
		return fmt.Errorf("%s: %d %s", internal, res.StatusCode, body)
	}
	return nil
}
