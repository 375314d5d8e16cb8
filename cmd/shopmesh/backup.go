package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/embedded/backup"
)

// partialSuffix names the file that a backup is written to until it is whole.
const partialSuffix = ".partial"

func newBackup() *cobra.Command {
	var data string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write all that the shop knows into one file",
		Long: `Write a backup of the shop into FILE: all databases at one instant, the sandbox provider's among them, and the inbox.
The shop may run, and goes on meanwhile; or it may be stopped. "-" writes to standard output.

FILE holds customers' data, the database's passwords and the key of identity: only you may read it, and it is not encrypted.
The settings file is yours and not in it. Events under way need no place in it: the restored shop publishes them again.

It exits 0 when FILE is whole and on the disk, 1 when it could not be written, 2 when it was not tried.`,
		Example: "  shopmesh backup monday.backup\n  shopmesh backup --data /srv/shop - | ssh elsewhere 'cat > monday.backup'",
		Args:    command.OneArgument("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx, stop := command.Interruptible(cmd.Context())
			defer stop()
			config := backup.Config{
				Data: data, Program: app.ReadBuild().Short(), Logger: slog.New(slog.DiscardHandler),
				Opening: func() {
					fmt.Fprintf(cmd.ErrOrStderr(), "No shop runs in %s: opening its database to read it.\n", data)
				},
			}
			begin := time.Now()
			var summary backup.Summary
			var size int64
			var err error
			summaryTo := cmd.OutOrStdout()
			if args[0] == "-" {
				count := &countingWriter{w: cmd.OutOrStdout()}
				summary, err = backup.Write(ctx, config, count)
				size, summaryTo = count.n, cmd.ErrOrStderr()
			} else {
				summary, size, err = backupInto(ctx, args[0], config)
			}
			if err != nil {
				return explainBackup(err)
			}
			return printBackup(summaryTo, asJSON, backedUp{File: args[0], Size: size, Summary: summary}, time.Since(begin))
		},
	}
	f := cmd.Flags()
	dataFlag(cmd, &data, "the shop's data `directory`")
	f.BoolVar(&asJSON, "json", false, "print a JSON object")
	return cmd
}

// backedUp is what `shopmesh backup --json` prints.
type backedUp struct {
	File string `json:"file"`
	Size int64  `json:"size"` // of the file, in bytes
	backup.Summary
}

// backupInto writes aside and renames: a file of that name is whole, and never
// another backup's successor.
func backupInto(ctx context.Context, path string, config backup.Config) (backup.Summary, int64, error) {
	var none backup.Summary
	if err := checkTarget(path, config.Data); err != nil {
		return none, 0, err
	}
	partial := path + partialSuffix
	file, err := os.OpenFile(partial, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return none, 0, command.Usage("%w; name a file in a folder that you may write to", err)
	}
	// One that an earlier, killed backup left may be open to others.
	err = file.Chmod(0o600)
	var summary backup.Summary
	if err == nil {
		summary, err = backup.Write(ctx, config, file)
	}
	if err == nil {
		err = file.Sync()
	}
	info, statErr := file.Stat()
	if err = errors.Join(err, statErr, file.Close()); err == nil {
		err = publish(partial, path)
	}
	if err != nil {
		return none, 0, errors.Join(err, os.Remove(partial))
	}
	return summary, info.Size(), nil
}

// checkTarget refuses a file that is there, and one that would be lost with the shop.
func checkTarget(path, data string) error {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		if err != nil {
			return command.Usage("%w", err)
		}
		return command.Usage("%s is there already: name another file, a backup replaces none", path)
	}
	file, err := filepath.Abs(path)
	if err != nil {
		return command.Usage("%s: %w", path, err)
	}
	dir, err := filepath.Abs(data)
	if err != nil {
		return command.Usage("%s: %w", data, err)
	}
	if strings.HasPrefix(file, dir+string(filepath.Separator)) {
		return command.Usage("%s lies in the shop's own directory, and would be lost with it: name a file elsewhere", path)
	}
	return nil
}

// publish gives a file its name, durably, unless another has it meanwhile.
func publish(partial, path string) error {
	if err := os.Link(partial, path); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return command.Usage("%s came to be meanwhile: name another file, a backup replaces none", path)
		}
		// Some file systems have no links.
		if err := os.Rename(partial, path); err != nil {
			return err
		}
	} else if err := os.Remove(partial); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

func explainBackup(err error) error {
	var exit command.Error
	switch {
	case errors.As(err, &exit):
		return err
	case errors.Is(err, backup.ErrNoShop):
		return command.Usage("%w: name its directory with --data", err)
	default:
		return command.Failed(err)
	}
}

func printBackup(w io.Writer, asJSON bool, b backedUp, took time.Duration) error {
	if asJSON {
		return json.NewEncoder(w).Encode(b)
	}
	_, err := fmt.Fprintf(w, "%s holds the shop as it was at %s: %d files, %s, packed into %s in %.1f s\n",
		b.File, b.Instant.Format(time.RFC3339), b.Files, megabytes(b.Bytes), megabytes(b.Size), took.Seconds())
	return err
}

func megabytes(bytes int64) string { return fmt.Sprintf("%.1f MB", float64(bytes)/1e6) }

// countingWriter counts what it passes on.
type countingWriter struct {
	w io.Writer
	n int64
}

// Write implements io.Writer.
func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
