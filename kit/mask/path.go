package mask

import (
	"errors"
	"fmt"
	"strings"
)

// split cuts a path at its dots. A segment in backticks may hold any character
// (https://google.aip.dev/161), a backtick itself twice.
func split(text string) ([]string, error) {
	if len(text) > maxPathBytes {
		return nil, fmt.Errorf("is longer than %d bytes", maxPathBytes)
	}
	var segments []string
	for rest, more := text, true; more; {
		var segment string
		var err error
		if strings.HasPrefix(rest, "`") {
			segment, rest, more, err = quoted(rest[1:])
		} else {
			segment, rest, more = strings.Cut(rest, ".")
		}
		if err != nil {
			return nil, err
		}
		if segment == "" {
			return nil, errors.New("has an empty part")
		}
		segments = append(segments, segment)
	}
	return segments, nil
}

// quoted reads up to the backtick that ends a segment, and the dot behind it.
func quoted(text string) (segment, rest string, more bool, err error) {
	var b strings.Builder
	for {
		part, after, closed := strings.Cut(text, "`")
		if !closed {
			return "", "", false, errors.New("opens a backtick that it does not close")
		}
		b.WriteString(part)
		switch {
		case after == "":
			return b.String(), "", false, nil
		case after[0] == '`':
			b.WriteByte('`')
			text = after[1:]
		case after[0] == '.':
			return b.String(), after[1:], true, nil
		default:
			return "", "", false, errors.New("needs a dot behind a closing backtick")
		}
	}
}

// quote writes a map's key as a segment of a path.
func quote(key string) string {
	plain := key != "" && strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
	if plain {
		return key
	}
	return "`" + strings.ReplaceAll(key, "`", "``") + "`"
}
