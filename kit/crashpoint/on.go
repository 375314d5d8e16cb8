//go:build crashpoints

package crashpoint

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
)

// On is true in a build with crash points. Work that only they need is done
// where it is true.
const On = true

// Cross records that a boundary is crossed, where, and by what: the point is
// PointOf(boundary, where, what). The boundary is a literal in the source, so that a test
// can list all boundaries.
func Cross(boundary, where string, what ...string) {
	if len(what) == 0 {
		what = []string{""}
	}
	points := make([]Point, len(what))
	for i, w := range what {
		points[i] = PointOf(boundary, where, w)
	}
	slices.Sort(points)
	journey().pass(slices.Compact(points))
}

// way is what a process does at its points.
type way struct {
	mu   sync.Mutex // dying happens under it: no crossing follows the last
	file *os.File
	at   Point
	left int // times to reach it until the last
}

// journey is the process's way. It is a package variable because it stands for the
// environment that the whole process was started with; builds that ship do not have it.
var journey = sync.OnceValue(func() *way {
	w := &way{at: Point(os.Getenv(PointVariable)), left: 1}
	if text := os.Getenv(TimeVariable); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			refuse("%s must be a number from 1, not %q", TimeVariable, text)
		}
		w.left = n
	}
	if path := os.Getenv(FileVariable); path != "" {
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
		if err != nil {
			refuse("%s: %v", FileVariable, err)
		}
		w.file = file
	}
	return w
})

func refuse(format string, args ...any) {
	_, _ = fmt.Fprintf(os.Stderr, format+"\n", args...)
	os.Exit(2)
}

func (w *way) pass(points []Point) {
	w.mu.Lock()
	defer w.mu.Unlock()
	dies := false
	if w.at != "" && slices.Contains(points, w.at) {
		w.left--
		dies = w.left == 0
	}
	w.note(Crossing{Points: points, Died: dies})
	if !dies {
		return
	}
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		refuse("die at %q: %v", w.at, err)
	}
	select {} // nothing runs between the signal and the end
}

func (w *way) note(c Crossing) {
	if w.file == nil {
		return
	}
	line, err := json.Marshal(c)
	if err == nil {
		_, err = w.file.Write(append(line, '\n'))
	}
	if err != nil {
		refuse("%s: %v", FileVariable, err)
	}
}
