package assets

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// joinModules makes one module of those of a folder, which have to be all that are in it, in
// this order. Names at their top level are different, and they import nothing but each other.
func joinModules(files fs.FS, folder string, names ...string) ([]byte, error) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if !slices.Contains(names, strings.TrimSuffix(entry.Name(), ".js")) {
			return nil, fmt.Errorf("%s/%s is not among the modules that are joined", folder, entry.Name())
		}
	}
	var script bytes.Buffer
	for _, name := range names {
		content, err := fs.ReadFile(files, folder+"/"+name+".js")
		if err != nil {
			return nil, err
		}
		script.Write(inner(content))
	}
	return script.Bytes(), nil
}

// inner is a module without its imports and exports, its comments, and the blanks that lines
// begin with. In ours these stand on lines of their own, and no text goes over lines.
func inner(module []byte) []byte {
	var out bytes.Buffer
	comment := false
	for line := range bytes.Lines(module) {
		line = bytes.TrimSpace(line)
		begins := bytes.HasPrefix(line, []byte("/*"))
		ends := bytes.HasSuffix(line, []byte("*/"))
		switch {
		case comment || begins && (ends || !bytes.Contains(line, []byte("*/"))):
			comment = !ends
		case len(line) == 0, bytes.HasPrefix(line, []byte("//")), bytes.HasPrefix(line, []byte("import ")):
		default:
			out.Write(bytes.TrimPrefix(line, []byte("export ")))
			out.WriteByte('\n')
		}
	}
	return out.Bytes()
}
