package view

import (
	"hash/fnv"
	"strconv"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
)

// The swatch of a product without a picture has the hue of its category and the motif of
// its code.
const (
	hues   = 12
	motifs = 8
)

func hashOf(text string) uint32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(text))
	return hash.Sum32()
}

func hueOf(categoryID string) string { return strconv.Itoa(int(hashOf(categoryID) % hues)) }

func motifOf(code string) string { return "m" + strconv.Itoa(int(hashOf(code)%motifs)) }

// few is how many of a product are left where their number is told.
const few = 5

// stockLevel is in, low or none.
func stockLevel(available int64) string {
	switch {
	case available <= 0:
		return "none"
	case available <= few:
		return "low"
	default:
		return "in"
	}
}

func (p Page) stockText(available int64) string {
	switch stockLevel(available) {
	case "none":
		return p.Say("stock.none")
	case "low":
		return p.Texts.Count("stock.left", int(available))
	default:
		return p.Say("stock.in")
	}
}

// imageOf returns a product's main picture; an empty URL where it has none.
func imageOf(product *catalogv1.Product) (url, alt string) {
	for _, image := range product.GetImages() {
		return image.GetUrl(), image.GetAltText()
	}
	return "", ""
}

func loadingOf(lazy bool) string {
	if lazy {
		return "lazy"
	}
	return "eager"
}
