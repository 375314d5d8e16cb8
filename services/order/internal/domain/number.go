package domain

// crockford is Crockford's base 32: digits and letters without I, L, O and U,
// which people mistake for others.
const crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// NumberBits is how many random bits an order's number holds.
const NumberBits = 40

// Number makes an order's number, such as "7K3M-Q2XD", of the lowest NumberBits
// random bits.
func Number(random uint64) string {
	var text [9]byte
	for i := range text {
		if i == 4 {
			text[i] = '-'
			continue
		}
		text[i] = crockford[random&31]
		random >>= 5
	}
	return string(text[:])
}
