package identity

import (
	"fmt"
	"os"
	"runtime"

	"github.com/shopmesh/shopmesh/services/identity/internal/passwords"
)

// hashArgument has a program be the process that hashes passwords.
const hashArgument = "hash-passwords"

// HashPasswords is called first by each program that runs identity. Where the program was
// started to hash passwords (HashCommand), it does so and ends the program; else it does
// nothing.
func HashPasswords() {
	if len(os.Args) != 2 || os.Args[1] != hashArgument {
		return
	}
	if err := passwords.Serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// HashCommand is the command line that starts this program again to hash passwords. On Linux
// that is the very file that runs, even if another one took its path since, as an upgrade does.
func HashCommand() ([]string, error) {
	program := "/proc/self/exe"
	if runtime.GOOS != "linux" {
		var err error
		if program, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	return []string{program, hashArgument}, nil
}
