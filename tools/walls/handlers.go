package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"unicode"
)

// checkHandlers returns a line for each handler of an RPC in services/*/internal/rpc that is
// not in a file of its own, named after the RPC: whoever knows an RPC's name finds its code.
func checkHandlers(root string) ([]string, error) {
	files, err := fs.Glob(os.DirFS(root), "services/*/internal/rpc/*.go")
	if err != nil {
		return nil, err
	}
	var breaches []string
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		positions := token.NewFileSet()
		file, err := parser.ParseFile(positions, filepath.Join(root, filepath.FromSlash(name)), nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, declared := range file.Decls {
			method, ok := declared.(*ast.FuncDecl)
			if !ok || !isHandler(method) {
				continue
			}
			if own := snake(method.Name.Name) + ".go"; path.Base(name) != own {
				line := strconv.Itoa(positions.Position(method.Pos()).Line)
				breaches = append(breaches, name+":"+line+": the RPC "+method.Name.Name+" belongs in "+own+": each RPC has a file of its own, named after it")
			}
		}
	}
	return breaches, nil
}

// isHandler reports whether a method handles an RPC: it takes the message that is named
// after the method, as buf's lint requires of an RPC's request.
func isHandler(method *ast.FuncDecl) bool {
	if method.Recv == nil {
		return false
	}
	for _, parameter := range method.Type.Params.List {
		pointer, _ := parameter.Type.(*ast.StarExpr)
		if pointer == nil {
			continue
		}
		if message, ok := pointer.X.(*ast.SelectorExpr); ok && message.Sel.Name == method.Name.Name+"Request" {
			return true
		}
	}
	return false
}

// snake turns a name such as GetOrder into get_order.
func snake(name string) string {
	var text strings.Builder
	for i, letter := range name {
		if unicode.IsUpper(letter) && i > 0 {
			text.WriteByte('_')
		}
		text.WriteRune(unicode.ToLower(letter))
	}
	return text.String()
}
