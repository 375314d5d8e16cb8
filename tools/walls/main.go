// Command walls checks which package may import which, and that each RPC has a
// file of its own (handlers.go). It reads the import clauses of every Go file below
// a root, whatever its build tags, and compares them with the table in rules.go.
//
// Usage: walls [ROOT]. It names each breach on a line and exits 1 when there is one.
package main

import (
	"fmt"
	"os"
)

func main() {
	root := "."
	if len(os.Args) > 1 {
		root = os.Args[1]
	}
	tree, err := readTree(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "walls:", err)
		os.Exit(2)
	}
	handlers, err := checkHandlers(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "walls:", err)
		os.Exit(2)
	}
	breaches := append(check(tree, rules()), handlers...)
	for _, b := range breaches {
		fmt.Println(b)
	}
	if len(breaches) > 0 {
		os.Exit(1)
	}
}
