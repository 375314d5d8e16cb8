package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

const modulePath = "github.com/shopmesh/shopmesh"

// An importClause is one import of one file.
type importClause struct {
	Position string // file:line, relative to the root
	Path     string // relative to the module path when it is ours
	Ours     bool
	Test     bool // the file ends in _test.go
}

// A tree holds the imports of each package, by its path relative to the root.
type tree map[string][]importClause

// readTree parses the import clauses of all Go files below root. Folders that
// hold no code of ours are passed over.
func readTree(root string) (tree, error) {
	found := tree{}
	files := os.DirFS(root)
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			return enter(name)
		}
		if path.Ext(name) != ".go" {
			return nil
		}
		clauses, err := readFile(root, name)
		if err != nil {
			return err
		}
		found[path.Dir(name)] = append(found[path.Dir(name)], clauses...)
		return nil
	})
	return found, err
}

func enter(name string) error {
	base := path.Base(name)
	hidden := name != "." && strings.HasPrefix(base, ".")
	if hidden || base == "node_modules" || base == "testdata" || name == "bin" || name == "tools" {
		return fs.SkipDir
	}
	return nil
}

func readFile(root, name string) ([]importClause, error) {
	positions := token.NewFileSet()
	file, err := parser.ParseFile(positions, filepath.Join(root, filepath.FromSlash(name)), nil, parser.ImportsOnly)
	if err != nil {
		return nil, err
	}
	var clauses []importClause
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		relative, ours := strings.CutPrefix(imported, modulePath+"/")
		clauses = append(clauses, importClause{
			Position: name + ":" + strconv.Itoa(positions.Position(spec.Pos()).Line),
			Path:     relative,
			Ours:     ours,
			Test:     strings.HasSuffix(name, "_test.go"),
		})
	}
	return clauses, nil
}
