package shop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
	"github.com/shopmesh/shopmesh/services/identity"
)

// addressesFile, in the data directory, holds where the running shop is reached.
const addressesFile = "addresses.json"

func remember(a Addresses) error {
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("note the shop's addresses: %w", err)
	}
	// Written aside and renamed, so that nobody reads half of it.
	path := filepath.Join(a.Data, addressesFile)
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("note the shop's addresses: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("note the shop's addresses: %w", err)
	}
	return nil
}

func forget(data string) error { return os.Remove(filepath.Join(data, addressesFile)) }

// Visitor inspects a shop.
type Visitor struct {
	// Opening is called before a shop that does not run is opened, which takes
	// some seconds.
	Opening func()
	// Inspect is called once.
	Inspect func(ctx context.Context, at Addresses) error
	// Secrets and StripeURL are as in Config: a stopped shop is compared with Stripe's ledger.
	Secrets   app.Secrets
	StripeURL string
	// IdentityKey is as in Config.
	IdentityKey identity.Key
}

// Visit lets a visitor inspect the shop in a data directory. When no shop runs there, it
// opens one for the time of the visit, without its runners: no event, charge or mail
// leaves it. It creates no shop where there is none.
func Visit(ctx context.Context, data string, visitor Visitor) error {
	entries, err := os.ReadDir(data)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return fmt.Errorf("there is no shop in %s: name its directory with --data", data)
	}
	if err != nil {
		return fmt.Errorf("look for a shop: %w", err)
	}
	dir, err := datadir.Open(data)
	if errors.Is(err, datadir.ErrInUse) {
		return visitRunning(ctx, data, visitor.Inspect)
	}
	if err != nil {
		return err
	}
	if err := dir.Close(); err != nil {
		return err
	}
	visitor.Opening()
	return visitStopped(ctx, data, visitor)
}

func visitRunning(ctx context.Context, data string, inspect func(context.Context, Addresses) error) error {
	a, err := recall(data)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the shop in %s is starting or stopping: try again shortly", data)
	}
	if err != nil {
		return err
	}
	return inspect(ctx, a)
}

// Find returns where the shop that runs in a data directory is reached.
func Find(data string) (Addresses, error) {
	a, err := recall(data)
	if errors.Is(err, fs.ErrNotExist) {
		return Addresses{}, fmt.Errorf("no shop runs in %s: start it with shopmesh up --data %[1]s, or name another directory with --data", data)
	}
	return a, err
}

// recall reads what remember wrote; fs.ErrNotExist when no shop is open there.
func recall(data string) (Addresses, error) {
	text, err := os.ReadFile(filepath.Join(data, addressesFile))
	var a Addresses
	if err == nil {
		err = json.Unmarshal(text, &a)
	}
	if err != nil {
		return Addresses{}, fmt.Errorf("read where the shop in %s is reached: %w", data, err)
	}
	return a, nil
}

func visitStopped(ctx context.Context, data string, visitor Visitor) error {
	visit, end := context.WithCancel(ctx)
	defer end()
	inspected := make(chan error, 1)
	err := Run(visit, Config{
		Data: data, Listen: "127.0.0.1:0", InternalListen: "127.0.0.1:0", Secrets: visitor.Secrets, StripeURL: visitor.StripeURL, IdentityKey: visitor.IdentityKey, idle: true,
		Log: slog.New(slog.DiscardHandler),
		Ready: func(a Opened) {
			inspected <- visitor.Inspect(visit, a.Addresses)
			end()
		},
	})
	select {
	case seen := <-inspected:
		return errors.Join(seen, err)
	default:
	}
	if err == nil {
		err = context.Cause(ctx) // Run returns nil when ctx ends, also before anything was inspected
	}
	return fmt.Errorf("open the shop in %s: %w", data, err)
}
