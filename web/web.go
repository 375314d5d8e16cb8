// Package web holds what the pages of the shop are made of beside their Go code: styles,
// scripts, pictures and texts. They are plain files, and nothing has to be built to serve
// them (docs/decisions/0062). The office is built, where somebody did so (docs/decisions/0077).
package web

import (
	"embed"
	"io/fs"
)

//go:embed design/*.css shop messages
var files embed.FS

// Files returns design/*.css, shop/ (scripts and pictures) and messages/<language>/*.json.
func Files() fs.FS { return files }

// The folder is there in every clone; what else is in it is what `make office` built.
//
//go:embed all:office/built
var built embed.FS

// Office returns what the office was built to: index.html, and assets/ with each file's
// compressed forms beside it. Without a build none of these is there.
func Office() fs.FS {
	office, _ := fs.Sub(built, "office/built") // the name is a valid one
	return office
}
