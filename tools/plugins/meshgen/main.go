// Command meshgen writes how Istio routes the calls of each RPC, how long it lets them take,
// what it repeats, and which service may call which RPC of another: VirtualServices and
// AuthorizationPolicies for mesh/istio/gen, a file for each service and one for the outside.
//
// Usage: meshgen DESCRIPTORS CALLERS FOLDER. DESCRIPTORS is a FileDescriptorSet, as
// `buf build` writes it, CALLERS is mesh/istio/callers.yaml, and FOLDER is written to.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: meshgen DESCRIPTORS CALLERS FOLDER")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "meshgen:", err)
		os.Exit(1)
	}
}

func run(descriptors, callers, folder string) error {
	raw, err := os.ReadFile(descriptors)
	if err != nil {
		return err
	}
	contexts, err := readContracts(raw)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(callers)
	if err != nil {
		return err
	}
	calls, err := readCallers(text, contexts)
	if err != nil {
		return fmt.Errorf("%s: %w", callers, err)
	}
	files, err := render(contexts, calls)
	if err != nil {
		return err
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil { //nolint:gosec // it is committed
			return err
		}
	}
	return nil
}
