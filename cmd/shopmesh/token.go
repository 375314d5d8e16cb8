package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/shopmesh/shopmesh/cmd/shopmesh/internal/shop"
	"github.com/shopmesh/shopmesh/kit/command"
	"github.com/shopmesh/shopmesh/services/identity"
)

// operatorSocket finds the operator's socket of the shop in --data, or takes --socket.
func operatorSocket() identity.SocketOption {
	return identity.SocketOption{
		Program: "shopmesh", Usual: "DATA/operator.sock",
		AddFlags: func(cmd *cobra.Command) func() (string, error) {
			var data, socket string
			dataFlag(cmd, &data, "the shop's data `directory`")
			cmd.Flags().StringVar(&socket, "socket", "", "`path` of the socket of an identity service that runs alone (its SHOPMESH_OPERATOR_SOCKET), instead of --data")
			cmd.MarkFlagsMutuallyExclusive("data", "socket")
			return func() (string, error) {
				if socket != "" {
					return socket, nil
				}
				running, err := shop.Find(data)
				if err != nil {
					return "", command.Failed(err)
				}
				return running.OperatorSocket, nil
			}
		},
	}
}

// tokenFileFlag gives a command with --addr the flag --token-file.
func tokenFileFlag(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "token-file", "", "`file` with an access token for the addresses of --addr, such as shopmesh token prints; - is standard input")
}

// tokenOf reads the token of --token-file.
func tokenOf(cmd *cobra.Command, file string) (string, error) {
	if file != "" && !cmd.Flags().Changed("addr") {
		return "", command.Usage("--token-file is for the addresses of --addr: a shop in --data hands out its own tokens")
	}
	text, err := readToken(file, cmd.InOrStdin())
	if err != nil {
		return "", command.Usage("--token-file: %w", err)
	}
	return text, nil
}

// maxTokenBytes bounds a file with a token.
const maxTokenBytes = 64 << 10

// readToken reads a token from a file, "-" from in. An empty name is no token.
func readToken(name string, in io.Reader) (string, error) {
	switch name {
	case "":
		return "", nil
	case "-":
	default:
		file, err := os.Open(name)
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxTokenBytes))
	if err != nil {
		return "", fmt.Errorf("read the token in %s: %w", name, err)
	}
	token := strings.TrimSpace(string(text))
	if token == "" || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s holds no token: it must hold one, and nothing else", name)
	}
	return token, nil
}
