package rpc

import "net/http"

// protect sets the headers that keep browsers and caches from misusing an answer.
// A handler that answers with a page, or with what everybody may keep, sets its own.
//
//   - Cache-Control: an answer is one caller's, a payment's secret among them, and a public
//     one has prices that change: nothing on the way keeps it.
//   - X-Content-Type-Options, Content-Security-Policy, X-Frame-Options: it is data. Where
//     somebody opens it in a browser, texts that customers wrote are not taken for a page,
//     load nothing and are shown in no frame.
//   - Referrer-Policy: addresses hold ids.
//   - Strict-Transport-Security, with TLS alone: for a year the browser comes back with TLS.
func protect(header http.Header, encrypted bool) {
	header["Cache-Control"] = []string{"no-store"}
	header["Content-Security-Policy"] = []string{"default-src 'none'; frame-ancestors 'none'"}
	header["Referrer-Policy"] = []string{"no-referrer"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	header["X-Frame-Options"] = []string{"DENY"}
	if encrypted {
		header["Strict-Transport-Security"] = []string{"max-age=31536000"}
	}
}
