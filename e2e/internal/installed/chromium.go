// Package installed finds programs of the machine that tests drive.
package installed

import (
	"errors"
	"os"
	"os/exec"
)

// Chromium is the path of the browser: the program that SHOPMESH_TEST_BROWSER names, or one in the PATH.
func Chromium() (string, error) {
	if program := os.Getenv("SHOPMESH_TEST_BROWSER"); program != "" {
		return program, nil
	}
	for _, name := range []string{"chromium-headless-shell", "chromium", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no browser: install Chromium, or let SHOPMESH_TEST_BROWSER name it")
}
