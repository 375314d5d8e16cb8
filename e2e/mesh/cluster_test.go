//go:build mesh

package mesh

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/shopmesh/shopmesh/services"
)

// patience is how long something may take that nothing here measures.
const patience = 3 * time.Minute

// command is a command line in the cluster's surroundings: where kubectl finds it.
// SHOPMESH_CLUSTER names a command with the verb "in"; without it KUBECONFIG is used as it is.
func command(ctx context.Context, name string, args ...string) *exec.Cmd {
	if cluster := os.Getenv("SHOPMESH_CLUSTER"); cluster != "" {
		args = append([]string{"in", name}, args...)
		name = cluster
	}
	return exec.CommandContext(ctx, name, args...)
}

// try runs a command in the cluster's surroundings and returns what it printed.
func try(ctx context.Context, input, name string, args ...string) (string, error) {
	return tryWith(ctx, strings.NewReader(input), name, args...)
}

// tryWith runs a command as try does, with a standard input that may come later.
func tryWith(ctx context.Context, input io.Reader, name string, args ...string) (string, error) {
	cmd := command(ctx, name, args...)
	cmd.Stdin = input
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return stdout.String(), fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// kubectl runs kubectl, which must succeed, and returns what it printed.
func kubectl(t *testing.T, args ...string) string {
	t.Helper()
	out, err := try(t.Context(), "", "kubectl", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// apply applies manifests.
func apply(t *testing.T, manifests string) {
	t.Helper()
	if _, err := try(t.Context(), manifests, "kubectl", "apply", "-f", "-"); err != nil {
		t.Fatal(err)
	}
}

// drive runs a verb of the driver in a pod and reads its answer.
func drive[T any](t *testing.T, pod string, args ...string) T {
	t.Helper()
	answer, err := run[T](t, pod, append([]string{"driver"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// run runs a program's verb in a pod, in the container that has the program's name, and reads
// its answer.
func run[T any](t *testing.T, pod string, line ...string) (T, error) {
	t.Helper()
	return runWith[T](t, nil, pod, line...)
}

// runWith runs a verb as run does, with a standard input, if there is one.
func runWith[T any](t *testing.T, input io.Reader, pod string, line ...string) (T, error) {
	t.Helper()
	var answer T
	namespace, name, _ := strings.Cut(pod, "/")
	args := []string{"-n", namespace, "exec", name, "-c", line[0]}
	if input != nil {
		args = append(args, "--stdin")
	}
	out, err := tryWith(t.Context(), input, "kubectl", append(append(args, "--", "/ko-app/"+line[0]), line[1:]...)...)
	if err == nil {
		err = json.Unmarshal([]byte(out), &answer)
	}
	if err != nil {
		return answer, fmt.Errorf("%s: %w", strings.Join(line, " "), err)
	}
	return answer, nil
}

// The pods of the driver: outside the mesh, and in it as an operator and as who makes the
// topics.
const (
	outside     = "shop-test/deployment/outside"
	operator    = "shop/deployment/operator"
	brokerAdmin = "shop/deployment/broker-admin"
)

// eventually waits until a check holds; its error is what is shown when it never does.
func eventually(t *testing.T, within time.Duration, check func() error) {
	t.Helper()
	deadline := time.Now().Add(within)
	for {
		err := check()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %v: %v", within, err)
		}
		select {
		case <-time.After(200 * time.Millisecond):
		case <-t.Context().Done():
			t.Fatal(err)
		}
	}
}

// job runs a program to its end as the service account operator, in the mesh, with a token of
// an owner in /etc/shopmesh/token, and returns its log.
func job(t *testing.T, image string, args ...string) (string, error) {
	t.Helper()
	giveOperatorToken(t)
	line, err := json.Marshal(args)
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("row-%d", time.Now().UnixNano())
	apply(t, fmt.Sprintf(`
apiVersion: batch/v1
kind: Job
metadata: {name: %[1]s, namespace: shop}
spec:
  backoffLimit: 0
  ttlSecondsAfterFinished: 600
  template:
    metadata: {labels: {app: operator-job}}
    spec:
      serviceAccountName: operator
      restartPolicy: Never
      securityContext: {runAsNonRoot: true, runAsUser: 65532, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      containers:
        - name: job
          image: %[2]s
          args: %[3]s
          securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
          volumeMounts: [{name: token, mountPath: /etc/shopmesh, readOnly: true}]
      volumes: [{name: token, secret: {secretName: operator-token, defaultMode: 0440}}]
`, name, imageOf(t, image), line))
	t.Cleanup(func() {
		_, _ = try(context.WithoutCancel(t.Context()), "", "kubectl", "-n", "shop", "delete", "job", name, "--wait=false")
	})
	var failed string
	eventually(t, patience, func() error {
		status := kubectl(t, "-n", "shop", "get", "job", name, "-o", "jsonpath={.status.succeeded}/{.status.failed}")
		succeeded, failures, _ := strings.Cut(status, "/")
		failed = failures
		if succeeded == "" && failures == "" {
			return fmt.Errorf("the job %s %v has not ended", image, args)
		}
		return nil
	})
	log := kubectl(t, "-n", "shop", "logs", "job/"+name, "-c", "job")
	if failed != "" {
		return log, fmt.Errorf("%s %v failed:\n%s", image, args, log)
	}
	return log, nil
}

// imageOf is the image that a program was deployed with: the Deployment tools lists them.
func imageOf(t *testing.T, program string) string {
	t.Helper()
	return kubectl(t, "-n", "shop-test", "get", "deployment", "tools", "-o", `jsonpath={.spec.template.spec.containers[?(@.name=="`+program+`")].image}`)
}

// operatorToken is an owner's token, from identity's own program in its container.
func operatorToken(t *testing.T) string {
	t.Helper()
	return strings.TrimSpace(kubectl(t, "-n", "shop", "exec", "deployment/identity", "-c", "service", "--", "/ko-app/identity", "token", "--as", "owner", "--for", "1h"))
}

// giveOperatorToken puts a token of an owner into the Secret operator-token.
func giveOperatorToken(t *testing.T) {
	t.Helper()
	apply(t, fmt.Sprintf("apiVersion: v1\nkind: Secret\nmetadata: {name: operator-token, namespace: shop}\nstringData: {token: %q}\n", operatorToken(t)))
}

// allServices are the Deployments that skaffold builds as services.
func allServices() []string { return services.Contexts() }

// internalPorts are those of all services, as the audit takes them.
func internalPorts() []string {
	var args []string
	for _, service := range allServices() {
		args = append(args, "--addr", "http://"+service+":9090")
	}
	return args
}

// audit proves that the books agree, once nothing is under way.
func audit(t *testing.T) {
	t.Helper()
	log, err := job(t, "shopmesh", append([]string{"audit", "--wait", "60s", "--token-file", "/etc/shopmesh/token"}, internalPorts()...)...)
	if err != nil {
		t.Error(err)
	}
	t.Logf("audit: %s", strings.TrimSpace(log))
}
