package assets_test

import (
	"io/fs"
	"math"
	"regexp"
	"strconv"
	"testing"

	"github.com/shopmesh/shopmesh/web"
)

// colour is one in OKLCH: lightness, chroma, and hue in degrees.
type colour struct{ l, c, h float64 }

// luminance is the relative luminance that WCAG 2.2 compares
// (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance), by way of Oklab
// (https://bottosson.github.io/posts/oklab/). Colours outside sRGB are clipped, as a screen
// would do worse.
func (c colour) luminance() float64 {
	a, b := c.c*math.Cos(c.h*math.Pi/180), c.c*math.Sin(c.h*math.Pi/180)
	cube := func(x float64) float64 { return x * x * x }
	l, m, s := cube(c.l+0.3963377774*a+0.2158037573*b), cube(c.l-0.1055613458*a-0.0638541728*b), cube(c.l-0.0894841775*a-1.2914855480*b)
	clip := func(x float64) float64 { return min(max(x, 0), 1) }
	red := clip(4.0767416621*l - 3.3077115913*m + 0.2309699292*s)
	green := clip(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s)
	blue := clip(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s)
	return 0.2126*red + 0.7152*green + 0.0722*blue
}

func contrast(x, y colour) float64 {
	lighter, darker := max(x.luminance(), y.luminance()), min(x.luminance(), y.luminance())
	return (lighter + 0.05) / (darker + 0.05)
}

var (
	token  = regexp.MustCompile(`--([a-z-]+): light-dark\(oklch\(([0-9. ]+)\), oklch\(([0-9. ]+)\)\)`)
	accent = regexp.MustCompile(`\[data-accent="([a-z]+)"\] \{ --accent: light-dark\(oklch\(([0-9. ]+)\), oklch\(([0-9. ]+)\)\)`)
	number = regexp.MustCompile(`[0-9.]+`)
)

func parse(t *testing.T, text string) colour {
	t.Helper()
	var n [3]float64
	for i, part := range number.FindAllString(text, -1) {
		var err error
		if n[i], err = strconv.ParseFloat(part, 64); err != nil {
			t.Fatal(err)
		}
	}
	return colour{n[0], n[1], n[2]}
}

func tokens(t *testing.T) (roles, accents map[string][2]colour) {
	t.Helper()
	text, err := fs.ReadFile(web.Files(), "design/tokens.css")
	if err != nil {
		t.Fatal(err)
	}
	read := func(pattern *regexp.Regexp) map[string][2]colour {
		found := make(map[string][2]colour)
		for _, match := range pattern.FindAllStringSubmatch(string(text), -1) {
			found[match[1]] = [2]colour{parse(t, match[2]), parse(t, match[3])}
		}
		return found
	}
	return read(token), read(accent)
}

// What the test computes is right where the answer is known: black on white is 21:1.
func TestContrastIsWCAGs(t *testing.T) {
	t.Parallel()
	if got := contrast(colour{0, 0, 0}, colour{1, 0, 0}); math.Abs(got-21) > 0.01 {
		t.Errorf("black on white is %.2f:1", got)
	}
	// #767676, the lightest grey that is legible on white.
	if got := contrast(colour{0.5657, 0, 0}, colour{1, 0, 0}); math.Abs(got-4.54) > 0.05 {
		t.Errorf("#767676 on white is %.2f:1", got)
	}
}

// Every text is legible in light and in dark, whichever of the eight accents the owner chose
// (WCAG 2.2, 1.4.3), and what bounds a field is seen (1.4.11).
func TestEveryTextIsLegible(t *testing.T) {
	t.Parallel()
	roles, accents := tokens(t)
	if len(accents) != 8 {
		t.Fatalf("%d accents, want 8", len(accents))
	}
	check := func(name string, front, back [2]colour, least float64) {
		t.Helper()
		for i, scheme := range []string{"light", "dark"} {
			if got := contrast(front[i], back[i]); got < least {
				t.Errorf("%s, %s: %.2f:1, want %.1f:1", name, scheme, got, least)
			}
		}
	}
	for _, back := range []string{"paper", "raised"} {
		for _, front := range []string{"ink", "ink-soft", "good", "warn", "bad"} {
			check(front+" on "+back, roles[front], roles[back], 4.5)
		}
		check("line-strong on "+back, roles["line-strong"], roles[back], 3)
		for name, value := range accents {
			check(name+" on "+back, value, roles[back], 4.5)
		}
	}
	for name, value := range accents {
		check("on-accent on "+name, roles["on-accent"], value, 4.5)
	}
}
