package inventory_test

import (
	"testing"

	"go.uber.org/fx"

	kitapp "github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/testkit"
	"github.com/shopmesh/shopmesh/services/inventory"
)

func TestTheGraphIsComplete(t *testing.T) {
	t.Parallel()
	process := kitapp.Process{Name: inventory.Name, Authenticator: testkit.Everyone(testkit.Owner()), Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Log: testkit.Log(t)}
	if err := fx.ValidateApp(kitapp.Graph(process), inventory.Module(inventory.Config{})); err != nil {
		t.Fatal(err)
	}
}
