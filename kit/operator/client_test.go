package operator_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/kit/operator"
)

// A request gets its answer, or why it is refused: what its sender can mend is told apart from
// what failed, and from a socket that nobody serves.
func TestRequestsAreAnsweredOrRefused(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "operator.sock")
	mux := http.NewServeMux()
	mux.HandleFunc("POST /double", func(w http.ResponseWriter, r *http.Request) {
		var n int
		if err := json.NewDecoder(r.Body).Decode(&n); err != nil {
			operator.Refuse(w, http.StatusBadRequest, "it is no number")
			return
		}
		_ = json.NewEncoder(w).Encode(2 * n)
	})
	mux.HandleFunc("POST /taken", func(w http.ResponseWriter, _ *http.Request) { operator.Refuse(w, http.StatusConflict, "it is there") })
	mux.HandleFunc("POST /fails", func(w http.ResponseWriter, _ *http.Request) {
		operator.Refuse(w, http.StatusInternalServerError, "it failed")
	})
	mux.HandleFunc("POST /broken", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{") })
	socket, err := operator.Listen(t.Context(), path, mux, discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close(context.Background()) })
	var doubled int
	if err := operator.Call(t.Context(), path, "/double", 21, &doubled); err != nil || doubled != 42 {
		t.Errorf("an answer: %d, %v", doubled, err)
	}
	for _, row := range []struct {
		socket, path, want string
		refused, exists    bool
	}{
		{path, "/double", "it is no number", true, false},
		{path, "/taken", "it is there", true, true},
		{path, "/fails", path + ": it failed", false, false},
		{path, "/unknown", path + " answered 404", false, false},
		{path, "/broken", "read the answer of " + path, false, false},
		{path + "x", "/double", "no shop that you may operate answers at " + path + "x", false, false},
	} {
		err := operator.Call(t.Context(), row.socket, row.path, "twenty", &doubled)
		var refused *operator.RefusedError
		if err == nil || !strings.HasPrefix(err.Error(), row.want) || errors.As(err, &refused) != row.refused || row.refused && refused.Exists != row.exists {
			t.Errorf("%s: %v", row.path, err)
		}
	}
}
