package process

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

// unlimited are settings of the edge: all calls of a test come from one address, and more of
// them than a client makes.
const unlimited = `{"readsRate": "off", "ordersRate": "off", "signInRate": "off", "mailsRate": "off"}`

// unlimitedFile has the settings file that the arguments name, if any, replaced by a copy
// which limits nobody unless the file states the edge's settings itself. It reports whether
// there is one.
func unlimitedFile(args []string) (changed []string, fixed bool, err error) {
	at := slices.Index(args, "--settings") + 1
	if at == 0 || at == len(args) {
		return args, false, nil
	}
	text, err := os.ReadFile(args[at])
	if err != nil {
		return nil, false, err
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(text, &sections); err != nil {
		return nil, false, fmt.Errorf("%s: %w", args[at], err)
	}
	if sections["edge"] == nil {
		sections["edge"] = json.RawMessage(unlimited)
	}
	if text, err = json.Marshal(sections); err != nil {
		return nil, false, err
	}
	changed = slices.Clone(args)
	changed[at] += ".unlimited"
	return changed, true, os.WriteFile(changed[at], text, 0o600)
}

// unlimit sets what unlimited states, and returns when it is in force.
func unlimit(ready Ready) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	set, err := http.NewRequestWithContext(ctx, http.MethodPatch, ready.API+"/v1/settings/edge", strings.NewReader(`{"edge": `+unlimited+`}`))
	if err != nil {
		return err
	}
	set.Header.Set("Authorization", "Bearer "+ready.Token)
	set.Header.Set("Content-Type", "application/json")
	if _, err := answered(set); err != nil {
		return fmt.Errorf("set the limits of the edge: %w", err)
	}
	for {
		look, err := http.NewRequestWithContext(ctx, http.MethodGet, ready.API+"/v1/settings/edge", nil)
		if err != nil {
			return err
		}
		look.Header.Set("Authorization", "Bearer "+ready.Token)
		header, err := answered(look)
		if err != nil {
			return fmt.Errorf("wait until no client is limited: %w", err)
		}
		if header.Get("RateLimit-Policy") == "" {
			return nil
		}
	}
}

func answered(req *http.Request) (http.Header, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if body, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", res.Status, body)
	}
	return res.Header, nil
}
