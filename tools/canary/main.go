// Command canary runs another version of a service beside it and leads a share of the RPCs
// there, from outside and from other services: docs/mesh.md, "A canary".
//
// Usage: canary start|set|end FLAGS [KUBECTL…], where KUBECTL… is a command line that runs
// kubectl, which it is without one.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "canary:", err)
		os.Exit(1)
	}
}

// cluster is where a canary runs, by a command line that runs kubectl.
type cluster struct {
	kubectl   []string
	namespace string
}

func run(args []string) error {
	if len(args) == 0 {
		return errors.New("usage: canary start|set|end -service NAME FLAGS [KUBECTL…]")
	}
	verb := args[0]
	flags := flag.NewFlagSet("canary "+verb, flag.ContinueOnError)
	service := flags.String("service", "", "the service")
	namespace := flags.String("namespace", "shop", "where it runs")
	var image string
	var weight, replicas int
	var routes string
	if verb == "start" {
		flags.StringVar(&image, "image", "", "the canary's image")
		flags.IntVar(&replicas, "replicas", 1, "how many pods the canary has")
	}
	if verb == "start" || verb == "set" {
		flags.IntVar(&weight, "weight", 10, "how many of 100 RPCs the canary gets")
		flags.StringVar(&routes, "routes", "", "the names of the routes that it gets them of, with commas; all of the service without")
	}
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	kubectl := flags.Args()
	if len(kubectl) == 0 {
		kubectl = []string{"kubectl"}
	}
	c := cluster{kubectl, *namespace}
	names := strings.FieldsFunc(routes, func(r rune) bool { return r == ',' })
	switch {
	case *service == "":
		return errors.New("-service names none")
	case weight < 0 || weight > 100:
		return fmt.Errorf("-weight is %d, and has to be from 0 to 100", weight)
	case verb == "start" && (image == "" || replicas < 1):
		return errors.New("-image names none, or -replicas is less than 1")
	case verb == "start":
		return c.start(*service, image, replicas, weight, names)
	case verb == "set":
		return c.set(*service, weight, names)
	case verb == "end":
		return c.end(*service)
	default:
		return fmt.Errorf("there is no %q: start, set or end", verb)
	}
}

// start runs the canary, and leads calls to it once its pods serve.
func (c cluster) start(service, image string, replicas, weight int, routes []string) error {
	var deployment, kubernetesService object
	var rules struct{ Items []object }
	if err := errors.Join(
		c.get(&deployment, "deployment", service), c.get(&kubernetesService, "service", service),
		c.get(&rules, "authorizationpolicies.security.istio.io,sidecars.networking.istio.io,networkpolicies.networking.k8s.io"),
	); err != nil {
		return err
	}
	all, err := copies(service, image, replicas, deployment, kubernetesService, rules.Items)
	if err != nil {
		return err
	}
	manifests, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": all})
	if err != nil {
		return err
	}
	if _, err := c.call(manifests, "apply", "-f", "-"); err != nil {
		return err
	}
	if _, err := c.call(nil, "rollout", "status", "deployment/"+canaryOf(service), "--timeout=180s"); err != nil {
		return fmt.Errorf("no call is led to the canary, which does not start; canary end removes it: %w", err)
	}
	return c.set(service, weight, routes)
}

// set leads another share to a canary that runs. Routes that it does not name lead to the
// service alone.
func (c cluster) set(service string, weight int, routes []string) error {
	if weight > 0 {
		if err := c.get(new(object), "service", canaryOf(service)); err != nil {
			return fmt.Errorf("%s has no canary that runs: %w", service, err)
		}
	}
	return c.lead(service, weight, routes)
}

// heard is how long proxies may take to hear of routes: istiod joins the changes of ten seconds, at
// most, before it sends them (PILOT_DEBOUNCE_MAX).
const heard = 15 * time.Second

// end leads all calls to the service, lets the canary's pods finish what they have, and
// removes it.
func (c cluster) end(service string) error {
	if err := c.lead(service, 0, nil); err != nil {
		return err
	}
	// A proxy that hears of both at once takes the pods away before it takes the routes, and
	// answers what comes between with 503.
	fmt.Printf("the pods end in %s, when every proxy has the routes\n", heard)
	time.Sleep(heard)
	of := label + "=" + service
	// Its Service goes last: a proxy that has not heard of the routes yet still finds it.
	if _, err := c.call(nil, "delete", "deployment", "-l", of, "--cascade=foreground"); err != nil {
		return err
	}
	_, err := c.call(nil, "delete", "service,authorizationpolicies.security.istio.io,sidecars.networking.istio.io,networkpolicies.networking.k8s.io", "-l", of)
	return err
}

// lead writes the share into each VirtualService that has routes to the service: that of other
// services' calls, and the public one.
func (c cluster) lead(service string, weight int, routes []string) error {
	var list struct{ Items []object }
	if err := c.get(&list, "virtualservices.networking.istio.io"); err != nil {
		return err
	}
	led := 0
	for _, virtualService := range list.Items {
		// First all lead to the service alone, then those that are named are divided.
		whole, all, err := share(virtualService, service, c.namespace, 0, nil)
		if err != nil {
			return fmt.Errorf("virtual service %s: %w", name(virtualService), err)
		}
		if all == 0 {
			continue
		}
		spec, _ := virtualService["spec"].(map[string]any)
		spec["http"] = whole
		changed, n, err := share(virtualService, service, c.namespace, weight, routes)
		if err != nil {
			return err
		}
		metadata, _ := virtualService["metadata"].(map[string]any)
		patch, err := json.Marshal(map[string]any{
			// Refused when somebody else has changed it since.
			"metadata": map[string]any{"resourceVersion": metadata["resourceVersion"]},
			"spec":     map[string]any{"http": changed},
		})
		if err != nil {
			return err
		}
		if _, err := c.call(nil, "patch", "virtualservices.networking.istio.io", name(virtualService), "--type", "merge", "-p", string(patch)); err != nil {
			return err
		}
		fmt.Printf("%s: %d routes lead %d%% of their calls to %s\n", name(virtualService), n, weight, canaryOf(service))
		led += n
	}
	if led == 0 {
		return fmt.Errorf("no route leads to %s", service)
	}
	return nil
}

// get reads a resource, or all of a kind.
func (c cluster) get(into any, what ...string) error {
	text, err := c.call(nil, append([]string{"get", "-o", "json"}, what...)...)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}

func (c cluster) call(input []byte, args ...string) ([]byte, error) {
	line := append(append([]string{}, c.kubectl...), append([]string{"-n", c.namespace}, args...)...)
	cmd := exec.Command(line[0], line[1:]...) //nolint:gosec,noctx // the command that the caller names
	cmd.Stdin = bytes.NewReader(input)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("kubectl %s: %w: %s", strings.Join(args[:2], " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.Bytes(), nil
}
