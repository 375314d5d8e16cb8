package main

// A rule bans a direction of imports. Paths are relative to the module path;
// packages of others are written whole. In a pattern, * is one path segment and
// ** is any number of them, none included. Except may use {1}, which is what the
// first * of From stood for.
type rule struct {
	From []string
	// Beside are packages in From that the rule is not for.
	Beside []string
	Banned []string
	Except []string
	// Deep also bans what is reached through other packages of ours.
	Deep bool
	// TestsMay lets _test.go files import what is banned.
	TestsMay bool
	Why      string
}

var wire = []string{
	"gen/**",
	"connectrpc.com/**",
	"google.golang.org/**",
	"buf.build/**",
	"github.com/grpc-ecosystem/**",
}

var infrastructure = []string{
	"github.com/jackc/**",
	"github.com/twmb/**",
	"go.uber.org/**",
	"database/sql/**",
	"net/http/**",
}

func rules() []rule {
	return []rule{
		{
			From:   []string{"services/*/**"},
			Banned: []string{"services/**"},
			Except: []string{"services/{1}/**", "services"},
			Why:    "contexts know each other by their contracts only, so that each can run in a process of its own",
		},
		{
			From:   []string{"cmd/**", "e2e/**", "bench/**"},
			Banned: []string{"services/*/**"},
			Except: []string{"services/*", "services/payment/stripefake"},
			Why:    "a service shows its root package (Config, Module, Migrations) and nothing else, beside the fake of the provider that it calls",
		},
		{
			From:   []string{"kit/**"},
			Banned: []string{"services/**", "cmd/**", "e2e/**", "bench/**"},
			Why:    "the kit serves every context and therefore knows none",
		},
		{
			From:   []string{"kit/**"},
			Banned: []string{"gen/**"},
			Except: []string{
				"gen/go/shopmesh/options/**",
				"gen/go/shopmesh/operations/**",
				"gen/go/shopmesh/errors/**",
				"gen/go/shopmesh/config/**",
				"gen/go/shopmesh/edge/**",
				"gen/go/shopmesh/activity/**",
			},
			TestsMay: true, // the bounds of every RPC are tried with kit/rpc
			Why:      "the kit knows no shop noun; only contracts that every context shares are its business",
		},
		{
			From:   []string{"services/*/internal/domain/**"},
			Banned: append(append([]string{"kit/**", "services/**"}, wire...), infrastructure...),
			Except: []string{"kit/etag", "kit/fault", "kit/grammar", "kit/money", "services/{1}/internal/domain/**"},
			Deep:   true,
			Why:    "the domain is pure Go, so that its rules are read and tested without a database, a broker or a wire",
		},
		{
			From:   []string{"services/*/internal/rpc/**", "services/*/internal/events/**"},
			Banned: []string{"services/*/internal/store/**"},
			Why:    "rpc and events translate; the use cases in internal/app own what is loaded and stored",
		},
		{
			From:   []string{"services/*/internal/store/**"},
			Banned: []string{"services/*/internal/app/**", "services/*/internal/rpc/**", "services/*/internal/events/**", "connectrpc.com/**"},
			Why:    "the store is called by the use cases and calls nobody back",
		},
		{
			From:     []string{"services/*/internal/app/**"},
			Banned:   []string{"services/*/internal/rpc/**", "services/*/internal/events/**"},
			TestsMay: true,
			Why:      "use cases are called by those that translate, and get their functions as values",
		},
		{
			From: []string{"services/**"},
			// Those of rpc and events have a wall of their own.
			Beside: []string{"services/*/internal/store/**", "services/*/internal/rpc/**", "services/*/internal/events/**"},
			Banned: []string{"services/*/internal/store/db/**"},
			Why:    "statements are methods of a context's Store, which maps their rows",
		},
		{
			From:   []string{"gen/**"},
			Banned: []string{"**"},
			Except: []string{"gen/**"},
			Why:    "outsiders import the contracts without the shop",
		},
		{
			From:   []string{"services/**"},
			Banned: []string{"cmd/**", "e2e/**", "bench/**"},
			Why:    "a service does not know who composes or tests it",
		},
		{
			From:   []string{"sim/**"},
			Banned: []string{"services/*/**", "cmd/**", "bench/**"},
			Except: []string{"services/*/sim"},
			Why:    "the simulation reaches each context's decisions through that context's sim package",
		},
		{
			From:     []string{"**"},
			Beside:   []string{"sim/**", "services/*/sim/**"},
			Banned:   []string{"sim/**", "services/*/sim/**"},
			TestsMay: true,
			Why:      "what ships, and what tries it as it ships, does not carry the simulation, whose stores forget everything",
		},
		{
			From:   []string{"services/*/sim/**"},
			Banned: []string{"services/*/internal/app/**", "services/*/internal/store/**"},
			Why:    "the simulation has a store of its own and no use cases: what it runs is decided in the domain",
		},
		{
			From:     []string{"services/**", "cmd/**"},
			Banned:   []string{"kit/testkit/**", "services/payment/stripefake/**"},
			TestsMay: true,
			Why:      "what ships does not carry the tests' database, broker and provider",
		},
	}
}
