package rpc

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"connectrpc.com/connect/v2/connecthttp"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// sameSite refuses what a browser sends on behalf of another site's page: such a
// page must not act with the visitor's standing. Programs send neither Origin nor
// Sec-Fetch-Site, and are let through; so are the pages of the origins listed.
func sameSite(errorWriter *connecthttp.ErrorWriter, localOnly bool, origins *Origins, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if localOnly && !isLocal(r.Host) {
			refuse(errorWriter, w, r, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
				"this server answers for localhost, names below it such as shopmesh.localhost, and 127.0.0.1 alone"))
			return
		}
		if err := origins.now.Load().protection.Check(r); err != nil {
			refuse(errorWriter, w, r, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
				"a page of another site may not call this").Because(err))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isLocal reports whether a Host header names this machine. Names below localhost lead
// nowhere else (RFC 6761), so no other site can have one.
func isLocal(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	ip, err := netip.ParseAddr(host)
	if err != nil {
		host = strings.ToLower(host)
		return host == "localhost" || strings.HasSuffix(host, ".localhost")
	}
	return ip.Zone() == "" && ip.Unmap().IsLoopback()
}

// refuse answers in the protocol that the request speaks.
func refuse(errorWriter *connecthttp.ErrorWriter, w http.ResponseWriter, r *http.Request, refused *fault.Error) {
	status := fromFault(refused, refused)
	if looksLikeRPC(r.URL.Path) {
		_ = errorWriter.Write(w, r, status)
		return
	}
	writeStatus(w, grpcStatus(status), 0)
}
