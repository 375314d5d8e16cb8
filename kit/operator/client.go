package operator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

// maxAnswerBytes bounds an answer.
const maxAnswerBytes = 64 << 10

// RefusedError is a request for what there is not, or is already; it names what there is.
type RefusedError struct {
	Message string
	// Exists reports that what was to be made is there already.
	Exists bool
}

// Error implements error.
func (e *RefusedError) Error() string { return e.Message }

// Call posts a request to the handler of a path at a socket, and reads the answer, both as
// JSON. Errors: *RefusedError.
func Call(ctx context.Context, socket, path string, request, answer any) error {
	body, err := json.Marshal(request)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://operator"+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := Client(socket).Do(req)
	if err != nil {
		return fmt.Errorf("no shop that you may operate answers at %s: %w", socket, errors.Unwrap(err))
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("read the answer of %s: %w", socket, err)
	}
	if res.StatusCode != http.StatusOK {
		return refused(socket, res.StatusCode, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("read the answer of %s: %w", socket, err)
	}
	return nil
}

func refused(socket string, status int, answer []byte) error {
	var refusal Refusal
	if err := json.Unmarshal(answer, &refusal); err != nil || refusal.Error == "" {
		return fmt.Errorf("%s answered %d", socket, status)
	}
	if status == http.StatusBadRequest || status == http.StatusConflict {
		return &RefusedError{Message: refusal.Error, Exists: status == http.StatusConflict}
	}
	return fmt.Errorf("%s: %s", socket, refusal.Error)
}

// Client returns an HTTP client whose requests, to whatever host, go to the socket at path.
func Client(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", path)
		},
		DisableKeepAlives: true,
	}}
}
