package fault

import (
	"reflect"
	"strings"
	"unicode/utf8"
)

// maxEcho is how many bytes of a value are echoed.
const maxEcho = 200

// Cut returns a text of at most that many bytes, with "…" in place of what is left out.
func Cut(text string, bytes int) string {
	const mark = "…"
	if len(text) <= bytes {
		return text
	}
	end := max(0, bytes-len(mark))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return strings.ToValidUTF8(text[:end], "\uFFFD") + mark
}

// cutArgs cuts the texts among a message's arguments.
func cutArgs(args []any) []any {
	var changed []any
	for i, arg := range args {
		text, ok := arg.(string)
		if !ok {
			value := reflect.ValueOf(arg)
			if value.Kind() != reflect.String {
				continue
			}
			text = value.String()
		}
		if len(text) <= maxEcho {
			continue
		}
		if changed == nil {
			changed = append([]any(nil), args...)
		}
		changed[i] = Cut(text, maxEcho)
	}
	if changed == nil {
		return args
	}
	return changed
}
