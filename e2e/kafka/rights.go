package kafka

import (
	"crypto/tls"
	"os"
	"strings"
)

// Rights has a node take clients with certificates alone, and what its access control lists
// allow each of them.
type Rights struct {
	// CA is the PEM file that verifies clients, Keystore the one with the node's own key and
	// certificate.
	CA, Keystore string
	// Super is the subject of the certificate whose owner may do everything, such as
	// "CN=admin", and Admin is for connections with it.
	Super string
	Admin *tls.Config
}

// properties replace those of the same name in server.properties. The controller's
// listener has no certificates: what comes by it is the node itself.
func (r Rights) properties() string {
	return strings.NewReplacer("{ca}", r.CA, "{keystore}", r.Keystore, "{super}", r.Super).Replace(`
listener.security.protocol.map=CLIENTS:SSL,CONTROLLER:PLAINTEXT
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
ssl.truststore.type=PEM
ssl.truststore.location={ca}
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
super.users=User:{super};User:ANONYMOUS
`)
}

// Restrict gives a node that was not started yet its rights.
func (n *Node) Restrict(r Rights) error {
	n.admin = r.Admin
	file, err := os.OpenFile(n.properties, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := file.WriteString(r.properties()); err != nil {
		_ = file.Close()
		return err
	}
	return file.Close()
}
