// Package kafka runs one node of Apache Kafka on loopback, as a real broker for
// tests. The jars come from pom.xml (`make bin/kafka/.stamp`).
package kafka

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	_ "embed"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shopmesh/shopmesh/e2e/internal/process"
	"github.com/shopmesh/shopmesh/kit/testkit/address"
)

//go:embed server.properties
var template string

// Node is a KRaft node with its own directory and ports. It can be started again
// after its end.
type Node struct {
	// OwnGroup keeps Ctrl-C at our terminal from the node.
	OwnGroup bool

	classPath, properties string
	listener, controller  *address.Held
	admin                 *tls.Config // nil for connections in the clear
}

// Format prepares a node in dir, with the jars of another folder. advertised is the address
// that clients get, which may be a proxy's; empty means the node's own.
func Format(jars, dir, advertised string) (*Node, error) {
	if jars == "" {
		return nil, errors.New("the folder with Apache Kafka's jars is not named: `make bin/kafka/.stamp` fetches them into bin/kafka")
	}
	n := &Node{classPath: filepath.Join(jars, "*"), properties: filepath.Join(dir, "server.properties")}
	if err := n.format(dir, advertised); err != nil {
		n.Release()
		return nil, err
	}
	return n, nil
}

func (n *Node) format(dir, advertised string) error {
	var err error
	if n.listener, err = address.Hold(); err != nil {
		return err
	}
	if n.controller, err = address.Hold(); err != nil {
		return err
	}
	if advertised == "" {
		advertised = n.Address()
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text := strings.NewReplacer("{listener}", n.Address(), "{advertised}", advertised, "{controller}", n.controller.String(),
		"{data}", filepath.Join(dir, "data")).Replace(template)
	if err := os.WriteFile(n.properties, []byte(text), 0o600); err != nil {
		return err
	}
	var id [16]byte
	_, _ = rand.Read(id[:])
	id[0] &= 0x7f // an id that begins with "-" would be read as an option
	format := exec.Command("java", "-cp", n.classPath, "kafka.tools.StorageTool", "format",
		"-t", base64.RawURLEncoding.EncodeToString(id[:]), "-c", n.properties)
	if out, err := format.CombinedOutput(); err != nil {
		return fmt.Errorf("format Kafka's storage: %w\n%s", err, out)
	}
	return nil
}

// Release lets others have the node's ports, when it will not be started again.
func (n *Node) Release() {
	for _, a := range []*address.Held{n.listener, n.controller} {
		if a != nil {
			a.Release()
		}
	}
}

// Address is where the node itself listens.
func (n *Node) Address() string { return n.listener.String() }

// Start starts the node; its log goes to log, unless that is nil.
func (n *Node) Start(log io.Writer) (*process.Process, error) {
	return process.Start(process.Command{
		Path: "java",
		Args: []string{
			"-Xmx256m", "-Xms128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
			"-cp", n.classPath, "kafka.Kafka", n.properties,
		},
		Stdout: log, Log: log, OwnGroup: n.OwnGroup,
	})
}

// Check returns an error while the node does not serve.
func (n *Node) Check(ctx context.Context) error {
	options := []kgo.Opt{kgo.SeedBrokers(n.Address())}
	if n.admin != nil {
		options = append(options, kgo.DialTLSConfig(n.admin))
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	_, err = kadm.NewClient(client).BrokerMetadata(ctx)
	return err
}
