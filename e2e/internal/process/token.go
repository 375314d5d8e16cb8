package process

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
)

// Token runs `shopmesh token` on the operator's socket of a shop and returns an access token
// of 12 hours for a role, such as "owner".
func Token(program, socket, as string) (string, error) {
	var out, errs bytes.Buffer
	cmd := exec.Command(program, "token", "--as", as, "--for", "12h", "--socket", socket)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("shopmesh token --as %s: %w\n%s", as, err, errs.String())
	}
	return strings.TrimSpace(out.String()), nil
}
