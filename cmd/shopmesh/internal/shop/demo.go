package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connecthttp"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/demo"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/kit/token"
	"github.com/shopmesh/shopmesh/services/identity"
)

// fillDemo fills the shop with the demo's products and people, and returns what these sign in
// with.
func (c components) fillDemo(ctx context.Context, a Addresses) (*demo.Accounts, error) {
	client := func(shown string) *connect.Client {
		return connect.NewClient(connecthttp.NewTransport(a.Client(), a.API), token.Show(shown))
	}
	issued, err := identity.IssueToken(ctx, a.OperatorSocket, demo.Role, demoLife)
	if err != nil {
		return nil, err
	}
	seller := client(issued.AccessToken)
	n, err := demo.Fill(ctx, seller, seller)
	if err != nil {
		return nil, err
	}
	accounts, err := c.demoAccounts(ctx, demo.People{Socket: a.OperatorSocket, Client: client})
	if err != nil {
		return nil, err
	}
	c.config.Log.Info("the demo is filled in", "products", n)
	return accounts, nil
}

// demoAccounts returns the accounts that an earlier start noted, or makes them. The file with
// their passwords is written last: when it is not there, nobody knows the passwords of
// accounts that there may be, and they get others.
func (c components) demoAccounts(ctx context.Context, people demo.People) (*demo.Accounts, error) {
	text, err := os.ReadFile(c.demoFile)
	if err == nil {
		var known demo.Accounts
		if err := json.Unmarshal(text, &known); err != nil {
			return nil, fmt.Errorf("%s is not what was written there: remove it, and the demo's accounts get other passwords: %w", c.demoFile, err)
		}
		return &known, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the demo's accounts: %w", err)
	}
	accounts := demo.NewAccounts()
	if err := people.Make(ctx, accounts); err != nil {
		return nil, err
	}
	if err := people.Order(ctx, accounts.Customer); err != nil {
		// An owner may sell none of the demo's products, or take other payments.
		c.config.Log.Warn("the demo's customer has no orders", "cause", err.Error())
	}
	text, err = json.Marshal(accounts)
	if err != nil {
		return nil, err
	}
	return &accounts, datadir.WriteFile(c.demoFile, append(text, '\n'), 0o600)
}
