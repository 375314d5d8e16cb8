// Package web holds what the pages of the shop are made of beside their Go code: styles,
// scripts, pictures and texts. They are plain files, and nothing has to be built to serve
// them (docs/decisions/0062).
package web

import (
	"embed"
	"io/fs"
)

//go:embed design/*.css shop messages
var files embed.FS

// Files returns design/*.css, shop/ (scripts and pictures) and messages/<language>/*.json.
func Files() fs.FS { return files }
