package token_test

import (
	"bytes"
	"errors"
	"hash/crc32"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/shopmesh/shopmesh/kit/token"
)

var opaqueKinds = []token.Kind{token.Refresh, token.Link, token.GuestOrder, token.Cart, token.APIKey}

// A token gives back what it was made of, whatever bytes these are, and looks as scanners
// for secrets expect it.
func TestOpaqueTokensGiveBackTheirPayload(t *testing.T) {
	t.Parallel()
	looks := regexp.MustCompile(`^sm_(rt|ln|go|ct|ak)_[0-9A-Za-z]{8,}$`)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(opaqueKinds).Draw(t, "kind")
		payload := rapid.SliceOfN(rapid.Byte(), 1, 256).Draw(t, "payload")
		text := token.Format(kind, payload)
		if !looks.MatchString(text) {
			t.Fatalf("it looks like %q", text)
		}
		gotKind, got, err := token.Parse(text)
		if err != nil || gotKind != kind || !bytes.Equal(got, payload) {
			t.Fatalf("%q: %v, %x, %v", text, gotKind, got, err)
		}
	})
}

// A token that lost, gained or changed a character is refused.
func TestDamagedOpaqueTokensAreRefused(t *testing.T) {
	t.Parallel()
	const letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.SliceOfN(rapid.Byte(), 16, 64).Draw(t, "payload")
		text := token.Format(rapid.SampledFrom(opaqueKinds).Draw(t, "kind"), payload)
		at := rapid.IntRange(0, len(text)-1).Draw(t, "at")
		letter := string(letters[rapid.IntRange(0, len(letters)-1).Draw(t, "letter")])
		for _, damaged := range []string{text[:at], text[:at] + letter + text[at+1:], text[:at] + text[at+1:] + " "} {
			if damaged == text {
				continue
			}
			if _, _, err := token.Parse(damaged); err == nil {
				t.Fatalf("%q was taken for %q", damaged, text)
			}
		}
	})
}

func TestWhatIsNoOpaqueToken(t *testing.T) {
	t.Parallel()
	good := token.Format(token.Cart, make([]byte, 32))
	for _, text := range []string{
		"", "sm_", "sm_ct_", "sm_ct_000000", "sm_xx_" + good[6:], strings.ToUpper(good), good + good, " " + good, good + "\n",
		"sm_ct_" + strings.Repeat("z", 43) + "000000", strings.Repeat("sm_ct_", 1000), "eyJhbGciOiJFUzI1NiJ9.e30.c2ln",
	} {
		if kind, _, err := token.Parse(text); err == nil || kind != 0 {
			t.Errorf("%q was taken for a %s", text, kind)
		}
	}
}

// A value has one spelling: whoever spells it in another way, with a right checksum, is
// refused, so that what is stored as a hash of the text can't be shown in two ways.
func TestATokenHasOneSpelling(t *testing.T) {
	t.Parallel()
	one := token.Format(token.Cart, append(make([]byte, 31), 1))
	digits := one[len("sm_ct_") : len(one)-6]
	if text := withChecksum("sm_ct_" + digits); text != one {
		t.Fatalf("the checksum of this test makes %q, not %q", text, one)
	}
	for name, other := range map[string]string{
		"a plus":          "+" + digits[1:],
		"a minus":         "-" + digits[1:],
		"minus nothing":   "-" + strings.Repeat("0", len(digits)-1),
		"an underscore":   digits[:10] + "_" + digits[11:],
		"a blank":         " " + digits[1:],
		"one zero more":   "0" + digits,
		"too large a one": strings.Repeat("Z", len(digits)),
	} {
		if kind, payload, err := token.Parse(withChecksum("sm_ct_" + other)); !errors.Is(err, token.ErrMalformed) {
			t.Errorf("%s: %q was taken for a %s of %x", name, other, kind, payload)
		}
	}
}

// withChecksum adds the checksum that Format adds.
func withChecksum(body string) string {
	sum := new(big.Int).SetUint64(uint64(crc32.ChecksumIEEE([]byte(body)))).Text(62)
	return body + strings.Repeat("0", 6-len(sum)) + sum
}

// The tokens of guests hold what the order's context compares, and one is never taken for
// the other.
func TestTokensOfGuests(t *testing.T) {
	t.Parallel()
	order, mac := uuid.New(), [32]byte{1, 2, 3}
	ofOrder, ofCart := token.ForGuestOrder(order, mac), token.ForCart([32]byte{4})
	got, err := token.ReadGuestOrder(ofOrder)
	if err != nil || got.OrderID != order || !bytes.Equal(got.MAC, mac[:]) {
		t.Errorf("%+v, %v", got, err)
	}
	if hash, err := token.ReadCart(ofCart); err != nil || hash != token.Hash(ofCart) {
		t.Errorf("%x, %v", hash, err)
	}
	for _, text := range []string{ofCart, token.ForGuestOrder(uuid.Nil, mac), token.Format(token.GuestOrder, order[:])} {
		if _, err := token.ReadGuestOrder(text); err == nil {
			t.Errorf("%q was taken for the token of an order", text)
		}
	}
	for _, text := range []string{ofOrder, token.Format(token.Cart, make([]byte, 31)), token.Format(token.APIKey, make([]byte, 32))} {
		if _, err := token.ReadCart(text); err == nil {
			t.Errorf("%q was taken for the token of a cart", text)
		}
	}
}

// Whatever text is parsed, it is refused or is the one text of its token.
func FuzzParse(f *testing.F) {
	f.Add(token.Format(token.Refresh, []byte{0}))
	f.Add(token.ForCart([32]byte{9}))
	f.Add("sm_ak_0000000")
	f.Fuzz(func(t *testing.T, text string) {
		kind, payload, err := token.Parse(text)
		if err == nil && token.Format(kind, payload) != text {
			t.Errorf("%q and %q are one token", text, token.Format(kind, payload))
		}
	})
}
