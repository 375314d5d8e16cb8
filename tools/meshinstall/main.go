// Command meshinstall merges mesh/istio/mesh-config.yaml into the configuration of an Istio
// that runs, which keeps everything else that it states: the key mesh of the ConfigMap istio.
// istiod reads it again by itself; proxies read defaultConfig when they start.
//
// Usage: meshinstall FILE KUBECTL…, where KUBECTL… is a command line that runs kubectl.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

const namespace = "istio-system"

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: meshinstall FILE KUBECTL…")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "meshinstall:", err)
		os.Exit(1)
	}
}

func run(file string, kubectl []string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	held, err := call(kubectl, "get", "configmap", "istio", "-n", namespace, "-o", "jsonpath={.data.mesh}")
	if err != nil {
		return err
	}
	merged, err := merge([]byte(held), text)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	patch, err := json.Marshal(map[string]any{"data": map[string]string{"mesh": string(merged)}})
	if err != nil {
		return err
	}
	if _, err := call(kubectl, "patch", "configmap", "istio", "-n", namespace, "--type", "merge", "-p", string(patch)); err != nil {
		return err
	}
	fmt.Printf("the mesh has the configuration of %s; restart proxies that run already\n", file)
	return nil
}

func call(kubectl []string, args ...string) (string, error) {
	line := append(append([]string{}, kubectl...), args...)
	cmd := exec.Command(line[0], line[1:]...) //nolint:gosec,noctx // the command that the caller names
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %s", strings.Join(line[:len(kubectl)+2], " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// merge returns held with what over states on top.
func merge(held, over []byte) ([]byte, error) {
	var below, above map[string]any
	if err := errors.Join(yaml.Unmarshal(held, &below), yaml.Unmarshal(over, &above)); err != nil {
		return nil, err
	}
	return yaml.Marshal(mergeMaps(below, above))
}

func mergeMaps(below, above map[string]any) map[string]any {
	if below == nil {
		below = map[string]any{}
	}
	for key, value := range above {
		inner, isMap := value.(map[string]any)
		held, both := below[key].(map[string]any)
		list, isList := value.([]any)
		heldList, lists := below[key].([]any)
		switch {
		case isMap && both:
			below[key] = mergeMaps(held, inner)
		case isList && lists:
			below[key] = mergeLists(heldList, list)
		default:
			below[key] = value
		}
	}
	return below
}

// mergeLists joins lists: what has the name of one that is there takes its place, and what
// is there is not added again.
func mergeLists(below, above []any) []any {
	for _, value := range above {
		place := -1
		for i, held := range below {
			if name(held) != "" && name(held) == name(value) || reflect.DeepEqual(held, value) {
				place = i
			}
		}
		if place < 0 {
			below = append(below, value)
		} else {
			below[place] = value
		}
	}
	return below
}

// name is that of a list's member, such as a provider; empty where it has none.
func name(member any) string {
	fields, _ := member.(map[string]any)
	text, _ := fields["name"].(string)
	return text
}
