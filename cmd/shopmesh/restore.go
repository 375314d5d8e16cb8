package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/embedded/backup"
	"github.com/shopmesh/shopmesh/kit/embedded/datadir"
)

func newRestore() *cobra.Command {
	var data string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "restore FILE",
		Short: "Make a shop from a backup, in an empty directory",
		Long: `Make a shop from what shopmesh backup wrote, in a directory that is empty or new. "-" reads standard input.

Every file is compared with its checksum, and the database is started and stopped once, before it reports that it is done.
It does not start the shop: shopmesh up does, and goes on with every order that was under way; then run shopmesh audit --wait 60s.
Access tokens that were issued before are not good in it any more.
Stop the shop that the backup was taken from before: both would charge and send mails for the same orders.

It exits 0 when the shop is there, 1 when the backup is damaged or could not be unpacked, 2 when it was not tried.`,
		Example: "  shopmesh restore monday.backup --data /srv/shop\n  shopmesh up --data /srv/shop",
		Args:    command.OneArgument("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := command.Interruptible(cmd.Context())
			defer stop()
			in := cmd.InOrStdin()
			if args[0] != "-" {
				file, err := os.Open(args[0])
				if err != nil {
					return command.Usage("%w", err)
				}
				defer func() { _ = file.Close() }()
				in = file
			}
			begin := time.Now()
			summary, err := backup.Restore(ctx, backup.RestoreConfig{
				Data: data, Logger: slog.New(slog.DiscardHandler),
				Restored: shop.Restored,
				Found: func(h backup.Header) {
					fmt.Fprintf(cmd.ErrOrStderr(), "Restoring the backup that shopmesh %s began at %s into %s.\n", h.Program, h.Begun.Format(time.RFC3339), data)
				},
			}, in)
			if err != nil {
				return explainRestore(args[0], err)
			}
			return printRestore(cmd.OutOrStdout(), asJSON, restored{Data: data, Summary: summary}, time.Since(begin))
		},
	}
	f := cmd.Flags()
	dataFlag(cmd, &data, "the `directory` of the new shop")
	f.BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// restored is what `shopmesh restore --json` prints.
type restored struct {
	Data string `json:"data"`
	backup.Summary
}

func explainRestore(file string, err error) error {
	for _, untried := range []error{backup.ErrNotABackup, datadir.ErrNotEmpty, datadir.ErrInUse} {
		if errors.Is(err, untried) {
			return command.Usage("%s: %w", file, err)
		}
	}
	return command.Failed(fmt.Errorf("%s: %w", file, err))
}

func printRestore(w io.Writer, asJSON bool, r restored, took time.Duration) error {
	if asJSON {
		return json.NewEncoder(w).Encode(r)
	}
	_, err := fmt.Fprintf(w, "%s holds the shop as it was at %s: %d files, %s, in %.1f s. Go on with: shopmesh up --data %[1]s\n",
		r.Data, r.Instant.Format(time.RFC3339), r.Files, megabytes(r.Bytes), took.Seconds())
	return err
}
