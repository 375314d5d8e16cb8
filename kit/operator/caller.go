package operator

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
)

// Caller is the process at the other end of the socket.
type Caller struct {
	// UID is the user that it runs as.
	UID int
}

type callerKey struct{}

// CallerFrom returns who made a request; false when the system does not reveal it.
func CallerFrom(ctx context.Context) (Caller, bool) {
	caller, _ := ctx.Value(callerKey{}).(*Caller)
	if caller == nil {
		return Caller{}, false
	}
	return *caller, true
}

// callerOf returns nil when the system does not reveal it.
func callerOf(conn net.Conn) *Caller {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return nil
	}
	raw, err := unix.SyscallConn()
	if err != nil {
		return nil
	}
	caller := Caller{UID: -1}
	err = raw.Control(func(fd uintptr) {
		if uid, err := peerUID(int(fd)); err == nil {
			caller.UID = uid
		}
	})
	if err != nil || caller.UID < 0 {
		return nil
	}
	return &caller
}

// ownersOnly refuses everybody but the user that the process runs as and the system's
// administrator, should the socket's mode ever let others in.
func ownersOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if caller, known := CallerFrom(r.Context()); !known || caller.UID != os.Geteuid() && caller.UID != 0 {
			Refuse(w, http.StatusForbidden, "only the user that the shop runs as may call this")
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequestBytes)
		next.ServeHTTP(w, r)
	})
}

// Refusal is the body of an answer that is an error.
type Refusal struct {
	Error string `json:"error"`
}

// Refuse answers with an error.
func Refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(Refusal{message})
}
