package operations

import (
	"embed"
	"net/http"
	"path"
)

//go:embed page
var pageFiles embed.FS

// Page serves the page of operators at /operations: the status of the process's contexts and
// their dead letters. It holds nothing by itself and is for everybody who reaches the port:
// its script calls OperationsService by the token that the operator gives it, and keeps that
// in the page alone.
func Page() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := path.Base(r.URL.Path)
		if r.URL.Path == "/operations" {
			name = "operations.html"
		}
		header := w.Header()
		header.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "+
			"form-action 'none'; base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-store")
		http.ServeFileFS(w, r, pageFiles, path.Join("page", name))
	})
}
