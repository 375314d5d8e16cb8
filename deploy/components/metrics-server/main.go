// Command metrics-server is Kubernetes' own metrics server, built from its module: what the
// HorizontalPodAutoscalers read is in few clusters from the start, and its image can't be
// pulled everywhere.
package main

import (
	"os"

	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/component-base/cli"
	"sigs.k8s.io/metrics-server/cmd/metrics-server/app"
)

func main() {
	os.Exit(cli.Run(app.NewMetricsServerCommand(genericapiserver.SetupSignalHandler())))
}
