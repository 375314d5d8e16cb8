package token

import (
	"crypto/sha256"
	"errors"
	"hash/crc32"
	"math"
	"math/big"
	"strings"

	"github.com/google/uuid"

	"github.com/shopmesh/shopmesh/kit/authz"
)

// Kind is which sort of opaque token a token is.
type Kind int

// The kinds of opaque tokens. The zero Kind is none.
const (
	// Refresh renews a session.
	Refresh Kind = iota + 1
	// Link is what a mailed link holds, after its #.
	Link
	// GuestOrder shows whose order it is that was placed without an account.
	GuestOrder
	// Cart shows whose cart it is.
	Cart
	// APIKey is exchanged for an access token.
	APIKey
)

// kinds are the names and prefixes of the kinds. Prefixes have one length.
var kinds = [...]struct{ name, prefix string }{
	Refresh:    {"refresh token", "sm_rt_"},
	Link:       {"link", "sm_ln_"},
	GuestOrder: {"token of a guest's order", "sm_go_"},
	Cart:       {"cart token", "sm_ct_"},
	APIKey:     {"API key", "sm_ak_"},
}

const (
	// opaquePrefix begins every opaque token.
	opaquePrefix = "sm_"
	prefixLength = len("sm_rt_")
	// checkLength is how many characters of base 62 hold 32 bits.
	checkLength = 6
	// maxPayload is how many bytes an opaque token holds at most.
	maxPayload = 256

	// base is that of the numbers by which big.Int writes bytes: 0-9, a-z, A-Z.
	base = 62
)

// ErrMalformed is what Parse returns for a text that is no whole opaque token.
var ErrMalformed = errors.New("it is no token of ours, or not the whole of one")

// String returns the kind's name, as messages show it.
func (k Kind) String() string {
	if k <= 0 || int(k) >= len(kinds) {
		return "token"
	}
	return kinds[k].name
}

// Format returns the opaque token that holds the payload, of 1 to 256 bytes: the kind's
// prefix, the bytes in base 62, and six characters of CRC-32, so that scanners for secrets
// find it and a cut one is refused without a look-up. A kind that is none, or a payload of
// another length, is a mistake of the caller's and panics.
func Format(kind Kind, payload []byte) string {
	if kind <= 0 || int(kind) >= len(kinds) || len(payload) == 0 || len(payload) > maxPayload {
		panic("token: Format of an unknown kind, or of a payload that is empty or too long")
	}
	body := kinds[kind].prefix + encode(payload, width(len(payload)))
	return body + checksum(body)
}

// Parse returns the kind and the payload of an opaque token, and ErrMalformed for any other
// text. Each token has exactly one text. That a token parses does not make it good.
func Parse(text string) (Kind, []byte, error) {
	if !IsOpaque(text) || len(text) <= prefixLength+checkLength || len(text) > prefixLength+width(maxPayload)+checkLength {
		return 0, nil, ErrMalformed
	}
	body, check := text[:len(text)-checkLength], text[len(text)-checkLength:]
	kind := kindOf(text[:prefixLength])
	if kind == 0 || checksum(body) != check {
		return 0, nil, ErrMalformed
	}
	payload, ok := decode(body[prefixLength:])
	if !ok {
		return 0, nil, ErrMalformed
	}
	return kind, payload, nil
}

// IsOpaque reports whether a text begins like an opaque token, and so is no JWT.
func IsOpaque(text string) bool { return strings.HasPrefix(text, opaquePrefix) }

// Hash returns the SHA-256 of a token, which is what is stored of it: its 256 random bits
// can't be guessed from that.
func Hash(text string) [sha256.Size]byte {
	var short [1024]byte // room for a token of usual length, so that its copy allocates nothing
	return sha256.Sum256(append(short[:0], text...))
}

// ForGuestOrder returns the token of a guest's order: its id and a MAC of 32 bytes, which
// the order's context makes and compares.
func ForGuestOrder(order uuid.UUID, mac [32]byte) string {
	return Format(GuestOrder, append(order[:], mac[:]...))
}

// ReadGuestOrder returns what the token of a guest's order holds, and ErrMalformed when the
// text is none. Whether its MAC is right is for the order's context to judge.
func ReadGuestOrder(text string) (authz.GuestOrder, error) {
	kind, payload, err := Parse(text)
	if err != nil || kind != GuestOrder || len(payload) != len(uuid.UUID{})+sha256.Size {
		return authz.GuestOrder{}, ErrMalformed
	}
	order := uuid.UUID(payload[:len(uuid.UUID{})])
	if order == uuid.Nil {
		return authz.GuestOrder{}, ErrMalformed
	}
	return authz.GuestOrder{OrderID: order, MAC: payload[len(uuid.UUID{}):]}, nil
}

// ForCart returns the token of a cart that these random bytes make.
func ForCart(random [32]byte) string { return Format(Cart, random[:]) }

// ReadCart returns the SHA-256 of a cart's token, and ErrMalformed when the text is none.
func ReadCart(text string) ([sha256.Size]byte, error) {
	kind, payload, err := Parse(text)
	if err != nil || kind != Cart || len(payload) != 32 {
		return [sha256.Size]byte{}, ErrMalformed
	}
	return Hash(text), nil
}

func kindOf(prefix string) Kind {
	for kind, known := range kinds {
		if known.prefix == prefix && known.prefix != "" {
			return Kind(kind)
		}
	}
	return 0
}

func checksum(body string) string {
	sum := crc32.ChecksumIEEE([]byte(body))
	return encode([]byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)}, checkLength)
}

// width returns how many characters n bytes take. It grows by one or two with each byte, so
// that the number of characters determines the number of bytes.
func width(n int) int { return int(math.Ceil(float64(n) * 8 / math.Log2(base))) }

// encode writes bytes as a number in base 62, with leading zeros.
func encode(payload []byte, width int) string {
	text := new(big.Int).SetBytes(payload).Text(base)
	return strings.Repeat("0", width-len(text)) + text
}

// decode is the inverse of encode for texts of a payload's width. It refuses whatever
// encode does not write, such as a sign, which big.Int reads.
func decode(text string) ([]byte, bool) {
	n := int(float64(len(text)) * math.Log2(base) / 8)
	if n == 0 || width(n) != len(text) {
		return nil, false
	}
	number, ok := new(big.Int).SetString(text, base)
	if !ok || number.Sign() < 0 || number.BitLen() > n*8 {
		return nil, false
	}
	payload := number.FillBytes(make([]byte, n))
	return payload, encode(payload, len(text)) == text
}
