package domain_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/shopmesh/shopmesh/services/identity/internal/domain"
)

// What is sealed opens with the same key and for the same purpose only, and the key shows
// itself nowhere.
func TestSealing(t *testing.T) {
	t.Parallel()
	text := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	key, err := domain.ParseSealingKey(text + "\n")
	if err != nil {
		t.Fatal(err)
	}
	other, err := domain.NewSealingKey(bytes.Repeat([]byte{8}, 32))
	if err != nil {
		t.Fatal(err)
	}
	sealed := key.Seal("signing key 1", []byte("secret"))
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, key.Seal("signing key 1", []byte("secret"))) {
		t.Error("it is not encrypted, or twice alike")
	}
	if opened, err := key.Open("signing key 1", sealed); err != nil || string(opened) != "secret" {
		t.Errorf("opened %q, %v", opened, err)
	}
	changed := bytes.Clone(sealed)
	changed[len(changed)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"another key":      func() ([]byte, error) { return other.Open("signing key 1", sealed) },
		"another purpose":  func() ([]byte, error) { return key.Open("signing key 2", sealed) },
		"it was changed":   func() ([]byte, error) { return key.Open("signing key 1", changed) },
		"it was truncated": func() ([]byte, error) { return key.Open("signing key 1", sealed[:5]) },
	} {
		if opened, err := open(); err == nil {
			t.Errorf("%s opens it: %q", name, opened)
		}
	}
	if shown := fmt.Sprintf("%v %+v %#v %s", key, key, key, key); strings.Contains(shown, "7") || strings.Contains(shown, text) {
		t.Errorf("the key is printed: %s", shown)
	}
	one, err := key.Derive("one")
	if again, _ := key.Derive("one"); err != nil || !bytes.Equal(one, again) {
		t.Errorf("a purpose gets two keys, %v", err)
	}
	if two, _ := key.Derive("two"); bytes.Equal(one, two) {
		t.Error("two purposes get one key")
	}
}

// A key that is too short, too long or no base64 is refused without showing it.
func TestSealingKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"empty": "", "no base64": "hunter2!", "16 bytes": base64.StdEncoding.EncodeToString(make([]byte, 16)), "33 bytes": base64.StdEncoding.EncodeToString(make([]byte, 33)),
	} {
		_, err := domain.ParseSealingKey(text)
		if err == nil || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
