// Package assets serves what pages load: styles, scripts and pictures. They are read once at
// start, each under a name that holds the hash of its content, with its compressed forms.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/andybalholm/brotli"
)

// brotliLevel is the best one that needs little memory.
const brotliLevel = 9

// Prefix is where assets are.
const Prefix = "/assets/"

// Assets are all that pages load.
type Assets struct {
	hrefs  map[string]string // by the name without a hash
	byPath map[string]*asset
}

// asset is one file as it is sent.
type asset struct {
	contentType         string
	plain, gzip, brotli []byte
}

// Load reads design/*.css into shop.css, in the order that the cascade needs, the modules of
// shop/enhance/ into enhance.js, and the files of shop/ each as it is.
func Load(files fs.FS) (*Assets, error) {
	a := &Assets{hrefs: make(map[string]string), byPath: make(map[string]*asset)}
	var style bytes.Buffer
	for _, name := range []string{"tokens", "base", "components", "print"} {
		content, err := fs.ReadFile(files, "design/"+name+".css")
		if err != nil {
			return nil, err
		}
		style.Write(WithoutComments(content))
	}
	if err := a.add("shop.css", style.Bytes()); err != nil {
		return nil, err
	}
	script, err := joinModules(files, "shop/enhance", "fields", "link", "page", "forms", "live", "pictures")
	if err != nil {
		return nil, err
	}
	if err := a.add("enhance.js", script); err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(files, "shop")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			continue
		}
		content, err := fs.ReadFile(files, "shop/"+entry.Name())
		if err != nil {
			return nil, err
		}
		if err := a.add(entry.Name(), content); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// contentType returns what a browser is told that a file is, by its ending.
func contentType(name string) (string, error) {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8", nil
	case ".js":
		return "text/javascript; charset=utf-8", nil
	case ".svg":
		return "image/svg+xml", nil
	}
	return "", fmt.Errorf("the asset %s has an ending that no content type is known for", name)
}

func (a *Assets) add(name string, content []byte) error {
	kind, err := contentType(name)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	ending := path.Ext(name)
	href := Prefix + strings.TrimSuffix(name, ending) + "." + hex.EncodeToString(sum[:6]) + ending
	one := &asset{contentType: kind, plain: content}
	var small bytes.Buffer
	zip, _ := gzip.NewWriterLevel(&small, gzip.BestCompression) // the level is a valid one
	_, err = zip.Write(content)
	if err = errors.Join(err, zip.Close()); err != nil {
		return err
	}
	one.gzip = bytes.Clone(small.Bytes())
	small.Reset()
	// The best level takes 32 MB for its tables, which the process then keeps.
	br := brotli.NewWriterLevel(&small, brotliLevel)
	_, err = br.Write(content)
	if err = errors.Join(err, br.Close()); err != nil {
		return err
	}
	one.brotli = bytes.Clone(small.Bytes())
	a.hrefs[name], a.byPath[href] = href, one
	return nil
}

// Href returns the path of an asset, such as that of "shop.css"; empty for one that is not
// there.
func (a *Assets) Href(name string) string { return a.hrefs[name] }

// ServeHTTP implements http.Handler. The name of an asset changes with its content, so that
// browsers keep it for good. It reports false, and answers nothing, where there is none.
func (a *Assets) ServeHTTP(w http.ResponseWriter, r *http.Request) bool {
	one, ok := a.byPath[r.URL.Path]
	if !ok {
		return false
	}
	header := w.Header()
	header.Set("Content-Type", one.contentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	body := one.plain
	switch {
	case Accepts(r, "br"):
		header.Set("Content-Encoding", "br")
		body = one.brotli
	case Accepts(r, "gzip"):
		header.Set("Content-Encoding", "gzip")
		body = one.gzip
	}
	_, _ = w.Write(body)
	return true
}

// Accepts reports whether a client takes an encoding: it names it, and not with a weight of 0.
func Accepts(r *http.Request, encoding string) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		name, weight, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), encoding) {
			return !slices.Contains([]string{"q=0", "q=0.0", "q=0.00", "q=0.000"}, strings.ReplaceAll(weight, " ", ""))
		}
	}
	return false
}

// WithoutComments drops the comments of a style sheet and the blanks that lines begin with.
// Ours have no comment within a string.
func WithoutComments(style []byte) []byte {
	var out bytes.Buffer
	for rest := style; len(rest) > 0; {
		before, after, found := bytes.Cut(rest, []byte("/*"))
		out.Write(before)
		if !found {
			break
		}
		_, rest, _ = bytes.Cut(after, []byte("*/"))
	}
	var lines bytes.Buffer
	for line := range bytes.Lines(out.Bytes()) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			lines.Write(line)
			lines.WriteByte('\n')
		}
	}
	return lines.Bytes()
}
