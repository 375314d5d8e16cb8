// Package address holds ports for programs that tests start again.
package address

import (
	"fmt"
	"os"
	"syscall"
)

// Held is a port on loopback that is kept for one program, also while that does
// not run: without it the system may give the port to any outgoing connection, and
// the program can't listen when it is started again.
type Held struct {
	socket int
	text   string
}

// Hold finds a port that nobody uses and keeps it until Release. A socket
// that is bound with SO_REUSEADDR and never listens lets others that set it listen,
// as Go and Java do, and keeps everybody else away (socket(7)).
func Hold() (*Held, error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	syscall.CloseOnExec(socket)
	a := &Held{socket: socket}
	if err := a.bind(); err != nil {
		a.Release()
		return nil, err
	}
	return a, nil
}

func (a *Held) bind() error {
	if err := syscall.SetsockoptInt(a.socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	loopback := [4]byte{127, 0, 0, 1}
	if err := syscall.Bind(a.socket, &syscall.SockaddrInet4{Addr: loopback}); err != nil {
		return os.NewSyscallError("bind", err)
	}
	at, err := syscall.Getsockname(a.socket)
	if err != nil {
		return os.NewSyscallError("getsockname", err)
	}
	bound, ok := at.(*syscall.SockaddrInet4)
	if !ok {
		return fmt.Errorf("a socket on loopback has the address %v", at)
	}
	a.text = fmt.Sprintf("127.0.0.1:%d", bound.Port)
	return nil
}

// String is host:port.
func (a *Held) String() string { return a.text }

// Release lets others have the port.
func (a *Held) Release() { _ = syscall.Close(a.socket) }
