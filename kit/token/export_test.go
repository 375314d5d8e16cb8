package token

// Knows reports whether a token was judged before, so that it is not judged again.
func (v *Verifier) Knows(text string) bool {
	_, known := v.cache.get(Hash(text))
	return known
}
