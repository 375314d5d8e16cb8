package app

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// Build is what the program knows of its own build.
type Build struct {
	// Version is the module's version, "(devel)" outside a release.
	Version string `json:"version"`
	// Commit is what it was built from, whole, with "+changes" where files were not
	// committed; "unknown" for a program that was built without version control.
	Commit string `json:"commit"`
	// Date is the commit's, as RFC 3339; empty where the commit is unknown.
	Date string `json:"date,omitempty"`
	// Go is the compiler's version, and Platform is GOOS/GOARCH.
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// ReadBuild reads what the Go toolchain wrote into the program.
func ReadBuild() Build {
	build := Build{Version: "(devel)", Commit: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build
	}
	if info.Main.Version != "" {
		build.Version = info.Main.Version
	}
	changed := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			build.Commit = s.Value
		case "vcs.time":
			build.Date = s.Value
		case "vcs.modified":
			changed = s.Value == "true"
		}
	}
	if changed {
		build.Commit += "+changes"
	}
	return build
}

// Short names the build in logs and traces: its commit's first 12 digits, or its version.
func (b Build) Short() string {
	if b.Commit == "unknown" {
		return b.Version
	}
	return b.Commit[:min(12, len(b.Commit))]
}

// Line is the build in one line, for `version`.
func (b Build) Line(program string) string {
	date := ""
	if b.Date != "" {
		date = " of " + b.Date
	}
	return fmt.Sprintf("%s %s (commit %s%s, %s, %s)\n", program, b.Version, b.Commit, date, b.Go, b.Platform)
}
