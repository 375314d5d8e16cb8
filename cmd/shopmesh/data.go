package main

import (
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/command"
)

// dataFlag gives a command the flag --data, and refuses to run it without a directory.
func dataFlag(cmd *cobra.Command, data *string, about string) {
	cmd.Flags().StringVar(data, "data", defaultData(), about)
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		switch {
		case *data != "":
			return nil
		case cmd.Flags().Changed("data"):
			return command.Usage("--data is empty: name the shop's directory")
		case cmd.Flags().Changed("addr"), cmd.Flags().Changed("socket"):
			return nil // it looks there instead
		default:
			return command.Usage("HOME is not set, so there is no usual place for a shop: name its directory with --data")
		}
	}
}

// defaultData is where a user's data belongs (XDG Base Directory Specification); empty
// when nothing names it. It is never the working directory.
func defaultData() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "shopmesh")
	}
	home, err := os.UserHomeDir()
	if err != nil || !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, ".local", "share", "shopmesh")
}
