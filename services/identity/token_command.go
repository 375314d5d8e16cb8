package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/operator"
)

// SocketOption is how the operator's commands of a program find the socket of a running
// identity.
type SocketOption struct {
	// Program is the program's name.
	Program string
	// Usual names the socket of --help.
	Usual string
	// AddFlags gives a command the flags that name the socket. The function that it returns
	// finds the socket by them, once they are read.
	AddFlags func(*cobra.Command) (find func() (string, error))
}

// NewTokenCommand returns the command that prints an access token.
func NewTokenCommand(at SocketOption) *cobra.Command {
	var as string
	var life time.Duration
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "token --as ROLE",
		Short: "Print an access token, for whoever owns the shop's files",
		Long: `Print an access token of a running shop. The shop hands it out over a Unix socket that only the user who runs the shop can open,
` + at.Usual + `, and logs who got what.

--as names the role: owner; staff:PERMISSION,… such as staff:ORDERS_READ,STOCK_READ; customer:ID with the customer's id;
service:NAME with the name of a service. Whoever has the token may do all that, from anywhere, until it expires:
give it no more than it needs, and not longer.

It exits 0 when it printed a token, 1 when no shop answered, 2 when the role or the time is not one that there is.`,
		Example: fmt.Sprintf("  %[1]s token --as owner --for 15m\n"+
			"  curl -H \"Authorization: Bearer $(%[1]s token --as staff:ORDERS_READ)\" http://127.0.0.1:8080/v1/orders\n"+
			"  %[1]s token --as owner --socket /run/shopmesh/operator.sock", at.Program),
		Args: command.NoArgs,
	}
	find := at.AddFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if as == "" {
			return command.Usage("--as is missing: write owner, staff:PERMISSION,…, customer:ID or service:NAME")
		}
		ctx, stop := command.Interruptible(cmd.Context())
		defer stop()
		socket, err := find()
		if err != nil {
			return err
		}
		issued, err := IssueToken(ctx, socket, as, life)
		if err != nil {
			return explainOperator(err)
		}
		if asJSON {
			return json.NewEncoder(cmd.OutOrStdout()).Encode(issued)
		}
		_, err = fmt.Fprintln(cmd.OutOrStdout(), issued.AccessToken)
		return err
	}
	f := cmd.Flags()
	f.StringVar(&as, "as", "", "`role`: owner, staff:PERMISSION,…, customer:ID or service:NAME")
	f.DurationVar(&life, "for", OperatorTokenLife, "how long the token is good, 5m to 12h")
	f.BoolVar(&asJSON, "json", false, "print a JSON object, with the time of its end")
	return cmd
}

// explainOperator ends a command whose request the operator's socket did not serve.
func explainOperator(err error) error {
	var refused *operator.RefusedError
	if errors.As(err, &refused) {
		return command.NotTried(err)
	}
	return command.Failed(err)
}
