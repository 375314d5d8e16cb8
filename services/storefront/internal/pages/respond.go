package pages

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/a-h/templ"
	"github.com/klauspost/compress/gzip"

	"github.com/shopmesh/shopmesh/services/storefront/internal/assets"
)

// The headers of pages, in place of those that answers to programs have (kit/rpc). Pages
// load the shop's own files alone, and pictures by TLS, because owners may keep theirs
// elsewhere; nothing stands inline, and no other site learns an address or shows a page in a
// frame.
func (v *visit) protect() {
	header := v.w.Header()
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' https:; "+
		"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types shop")
	header.Set("Referrer-Policy", "same-origin")
	if strings.HasPrefix(v.path, linkPrefix) {
		header.Set("Referrer-Policy", "no-referrer") // the address is a secret, for the shop's own pages, too
	}
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
}

// How a page may be kept: catalog pages are asked for anew each time, and not sent again
// while they are the same; pages of one visitor are not kept.
const (
	revalidate = "private, no-cache"
	noStore    = "no-store"
)

// show answers with a page.
func (v *visit) show(status int, cache string, component templ.Component) error {
	body, ok := v.server.bodies.Get().(*bytes.Buffer)
	if !ok {
		body = new(bytes.Buffer)
	}
	defer v.server.bodies.Put(body)
	body.Reset()
	if err := component.Render(v.request.Context(), body); err != nil {
		return err
	}
	header := v.w.Header()
	v.protect()
	header.Set("Content-Language", v.texts.Language())
	v.send(status, cache, "text/html; charset=utf-8", body.Bytes())
	return nil
}

// minCompressed is the least that is worth to be compressed.
const minCompressed = 1 << 10

func (v *visit) send(status int, cache, contentType string, body []byte) {
	header := v.w.Header()
	header.Set("Content-Type", contentType)
	header.Set("Cache-Control", cache)
	header.Set("Vary", "Accept-Encoding")
	if cache == revalidate && status == http.StatusOK {
		tag := etagOf(body)
		header.Set("ETag", tag)
		if matches(v.request.Header.Get("If-None-Match"), tag) {
			header.Del("Content-Type")
			v.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if len(body) < minCompressed || !assets.Accepts(v.request, "gzip") {
		v.w.WriteHeader(status)
		_, _ = v.w.Write(body)
		return
	}
	header.Set("Content-Encoding", "gzip")
	v.w.WriteHeader(status)
	zip, ok := v.server.zips.Get().(*gzip.Writer)
	if !ok {
		// The quickest level: a page has a seventh more bytes than by the usual one, for less than half of
		// the time. Reset gives it what it writes to.
		zip, _ = gzip.NewWriterLevel(nil, gzip.BestSpeed)
	}
	defer v.server.zips.Put(zip)
	zip.Reset(v.w)
	_, _ = zip.Write(body) // a visitor who left is no error of ours
	_ = zip.Close()
}

// etagOf names a page by its content. It is weak: the compressed form has the same.
func etagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}

// matches reports whether a header If-None-Match names a tag.
func matches(header, tag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if part = strings.TrimSpace(part); part == "*" || strings.TrimPrefix(part, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// redirect leads to another page in the same language.
func (v *visit) redirect(path string, status int) error {
	if query := v.request.URL.RawQuery; query != "" {
		path += "?" + query
	}
	header := v.w.Header()
	v.protect()
	header.Set("Cache-Control", revalidate)
	header.Set("Location", v.url(path))
	v.w.WriteHeader(status)
	return nil
}
