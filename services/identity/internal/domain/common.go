package domain

import (
	_ "embed"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// commonWords are what passwords that were stolen in large numbers are built of: words,
// first names, teams and phrases. We wrote the list ourselves, from what published
// frequency counts agree on; no list of others is copied.
//
//go:embed common_words.txt
var commonWords string

var words = sync.OnceValue(func() map[string]bool {
	set := make(map[string]bool)
	for word := range strings.FieldsSeq(commonWords) {
		set[word] = true
	}
	return set
})

// leastParts is how many parts a password needs at least, see CommonPassword.
const leastParts = 5

// maxWord is the length of the longest word of the list, at most.
const maxWord = 24

// CommonPassword reports whether a password is among those that are guessed first.
//
// A list of the most common ones would be long where passwords have 12 characters and
// more, since nearly all of them are a few common parts in a row. So the parts are
// listed: a password is cut into as few parts as possible, where a common word, a walk
// over the keyboard, letters or digits in sequence, one character repeated, and up to
// three digits are one part each, and every other character is one. What is repeated as a
// whole counts once. With fewer than five parts it is common.
func CommonPassword(password string) bool {
	text := []rune(plain(password))
	return parts(once(text)) < leastParts
}

// plain undoes upper case and the usual substitutions of letters.
func plain(password string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '@':
			return 'a'
		case '$':
			return 's'
		}
		return unicode.ToLower(r)
	}, password)
}

// once returns the shortest text of which the whole is a repetition.
func once(text []rune) []rune {
	for n := 1; n <= len(text)/2; n++ {
		if len(text)%n != 0 {
			continue
		}
		repeated := true
		for i := n; i < len(text) && repeated; i++ {
			repeated = text[i] == text[i-n]
		}
		if repeated {
			return text[:n]
		}
	}
	return text
}

// parts returns into how few parts a text can be cut.
func parts(text []rune) int {
	least := make([]int, len(text)+1)
	for end := 1; end <= len(text); end++ {
		least[end] = least[end-1] + 1
		for start := end - 2; start >= 0; start-- {
			if least[start]+1 < least[end] && onePart(text[start:end]) {
				least[end] = least[start] + 1
			}
		}
	}
	return least[len(text)]
}

func onePart(text []rune) bool {
	switch {
	case len(text) <= 3 && all(text, unicode.IsDigit), all(text, unicode.IsPunct) && len(text) <= 3:
		return true
	case len(text) < 3:
		return false
	case steps(text, same), steps(text, following), steps(text, preceding), steps(text, neighbours):
		return true
	case len(text) <= maxWord:
		return words()[string(text)] || words()[letters.Replace(string(text))] || year(text)
	}
	return false
}

// letters undoes digits in the place of letters.
var letters = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "!", "i")

func year(text []rune) bool {
	return len(text) == 4 && all(text, unicode.IsDigit) && (text[0] == '1' && text[1] == '9' || text[0] == '2' && text[1] == '0')
}

func all(text []rune, is func(rune) bool) bool {
	for _, r := range text {
		if !is(r) {
			return false
		}
	}
	return true
}

func steps(text []rune, step func(a, b rune) bool) bool {
	for i := 1; i < len(text); i++ {
		if !step(text[i-1], text[i]) {
			return false
		}
	}
	return true
}

func same(a, b rune) bool      { return a == b }
func following(a, b rune) bool { return alphanumeric(a) && (b == a+1 || a == '9' && b == '0') }
func preceding(a, b rune) bool { return alphanumeric(b) && (b == a-1 || a == '0' && b == '9') }

func alphanumeric(r rune) bool {
	return r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r))
}

// neighbours reports whether two keys touch on the usual keyboards: QWERTY, QWERTZ and
// AZERTY differ in few of them.
func neighbours(a, b rune) bool {
	for _, rows := range keyboards() {
		ax, ay, known := key(rows, a)
		bx, by, both := key(rows, b)
		if known && both && abs(ax-bx) <= 1 && abs(ay-by) <= 1 {
			return true
		}
	}
	return false
}

func keyboards() [3][4]string {
	return [3][4]string{
		{"1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"},
		{"1234567890", "qwertzuiop", "asdfghjkl", "yxcvbnm,.-"},
		{"1234567890", "azertyuiop", "qsdfghjklm", "wxcvbn,;:!"},
	}
}

func key(rows [4]string, r rune) (x, y int, known bool) {
	for y, row := range rows {
		if x := strings.IndexRune(row, r); x >= 0 {
			return x, y, true
		}
	}
	return 0, 0, false
}

func abs(n int) int { return max(n, -n) }
