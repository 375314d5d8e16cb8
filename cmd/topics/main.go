// Command topics creates the topics of a list, such as deploy/local/topics.tsv, and ends. It is
// for brokers where services may not create topics: on Kubernetes a Job runs it before them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/kit/app"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/kit/kafka"
	"github.com/shopmesh/shopmesh/kit/telemetry"
	"github.com/shopmesh/shopmesh/services"
)

// defaultTimeout is how long brokers that start together with the Job may take.
const defaultTimeout = 5 * time.Minute

func main() {
	log, _ := app.LogFromEnv(os.Environ(), os.Stderr) // run reports a wrong level
	telemetry.RouteLibraries(log)
	os.Exit(run(context.Background(), os.Args[1:], os.Environ(), os.Stdout, os.Stderr))
}

// run runs a command line and returns the exit code.
func run(ctx context.Context, args, environ []string, stdout, stderr io.Writer) int {
	var timeout time.Duration
	root := command.Root(&cobra.Command{
		Use:   "topics FILE",
		Short: "Create the topics of a list",
		Long: `Create the topics that FILE lists and the brokers do not have, and wait for the brokers until they are there.
A line of FILE has a topic, its partitions, its cleanup.policy, who publishes to it and who consumes it, separated by tabs.

The brokers are those of SHOPMESH_KAFKA_BROKERS, reached as services reach them (SHOPMESH_KAFKA_TLS, …_CA, …_CERT, …_KEY,
…_SASL_MECHANISM, …_SASL_USERNAME, …_SASL_PASSWORD). How many replicas a topic has is the brokers' default.
A topic that is there stays as it is; when it has other partitions or another policy, that is reported.

It exits 0 when all topics are there as they are listed, 1 when not, 2 when it was not tried.`,
		Example: "  SHOPMESH_KAFKA_BROKERS=kafka:9092 topics deploy/local/topics.tsv",
		Args:    command.OneArgument("file"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if timeout <= 0 {
				return command.Usage("--timeout %v: give a time of more than 0, such as 5m", timeout)
			}
			listed, err := kafka.ReadTopicList(args[0])
			if err != nil {
				return command.NotTried(err)
			}
			broker, err := readBroker(environ, stderr)
			if err != nil {
				return command.NotTried(err)
			}
			ctx, stop := command.Interruptible(cmd.Context())
			defer stop()
			ctx, cancel := context.WithTimeout(ctx, timeout)
			defer cancel()
			found, err := create(ctx, broker, listed)
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil {
				err = fmt.Errorf("the brokers %s did not answer within %v: %w", strings.Join(broker.Brokers, ","), timeout, err)
			}
			if err != nil {
				return command.Failed(err)
			}
			return compare(cmd.OutOrStdout(), args[0], listed, found)
		},
	})
	root.Flags().DurationVar(&timeout, "timeout", defaultTimeout, "how long to wait for the brokers")
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(command.NewVersion())
	return command.Execute(ctx, root, args, stdout, stderr)
}

// readBroker reads how services reach the brokers. Their other variables are without effect
// here, so that this program can be given the same.
func readBroker(environ []string, stderr io.Writer) (kafka.Config, error) {
	known := append(app.Variables(services.Contexts()), services.Variables()...)
	broker, brokerErr := app.KafkaFromEnv(environ)
	log, logErr := app.LogFromEnv(environ, stderr)
	broker.ClientID, broker.Log = "shopmesh-topics", log
	return broker, errors.Join(append(app.CheckNames(environ, known), brokerErr, logErr)...)
}

// create creates the topics that are missing, and returns what the brokers have then.
func create(ctx context.Context, broker kafka.Config, listed []kafka.ListedTopic) ([]kafka.FoundTopic, error) {
	topics, names := make([]kafka.Topic, len(listed)), make([]string, len(listed))
	for i, topic := range listed {
		topics[i], names[i] = topic.Topic, topic.Name
	}
	if err := kafka.EnsureTopics(ctx, broker, topics); err != nil {
		return nil, err
	}
	return kafka.DescribeTopics(ctx, broker, names...)
}

// compare prints what the brokers have, and returns how that differs from the list.
func compare(w io.Writer, file string, listed []kafka.ListedTopic, found []kafka.FoundTopic) error {
	var problems []error
	for i, have := range found {
		if _, err := fmt.Fprintf(w, "%s: %s, %s\n", have.Name, partitions(have.Partitions), have.CleanupPolicy); err != nil {
			return err
		}
		want := listed[i]
		if have.Partitions != int(want.Partitions) || have.CleanupPolicy != want.CleanupPolicy() {
			problems = append(problems, fmt.Errorf("the topic %s has %s and the cleanup.policy %s, and %s lists %s and %s: it was left as it is, so change the topic or the list",
				have.Name, partitions(have.Partitions), have.CleanupPolicy, file, partitions(int(want.Partitions)), want.CleanupPolicy()))
		}
	}
	if len(problems) > 0 {
		return command.Failed(errors.Join(problems...))
	}
	return nil
}

func partitions(n int) string {
	if n == 1 {
		return "1 partition"
	}
	return fmt.Sprintf("%d partitions", n)
}
