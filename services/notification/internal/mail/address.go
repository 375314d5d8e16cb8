package mail

import (
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
	"google.golang.org/genproto/googleapis/type/postaladdress"
)

// The ways in which regions write the line with the town. P is the postal code, L the
// locality and A the administrative area; what stands between two of them is written
// where both are there. The regions follow the formats that Google publishes for
// google.type.PostalAddress (https://chromium-i18n.appspot.com/ssl-address).
const (
	codeFirst   = "P L"
	townFirst   = "L P"
	americanWay = "L, A P"
	stateWay    = "L A P"
	codeBelow   = "L/P"
	areaBelow   = "L/A/P"
	japaneseWay = "L, A P"
)

// townLines are the regions that do not write the postal code first.
var townLines = map[string]string{
	"US": americanWay, "CA": stateWay, "AU": stateWay, "PR": americanWay,
	"GB": codeBelow, "GG": codeBelow, "IM": codeBelow, "JE": codeBelow, "GI": codeBelow,
	"IE": areaBelow, "JP": japaneseWay, "KR": americanWay, "CN": americanWay, "TW": americanWay, "HK": "L/A",
	"IN": areaBelow, "NZ": townFirst, "SG": townFirst, "BR": areaBelow, "ZA": codeBelow, "TH": stateWay,
	"MX": "P L, A", "ES": "P L/A", "IT": "P L A", "AE": "L/A", "RU": "L/A/P", "UA": "L/A/P",
}

// deliveryLines writes a postal address in plain lines, as its region does: to whom,
// the lines of the street, the town and the region's name. Nothing is left of an address
// that was erased.
func deliveryLines(a *postaladdress.PostalAddress, regions display.Namer) []string {
	var lines []string
	add := func(texts ...string) {
		for _, text := range texts {
			if text = line(text); text != "" {
				lines = append(lines, text)
			}
		}
	}
	add(a.GetRecipients()...)
	add(a.GetOrganization())
	add(a.GetAddressLines()...)
	add(a.GetSublocality())
	format, known := townLines[a.GetRegionCode()]
	if !known {
		format = codeFirst
	}
	for part := range strings.SplitSeq(format, "/") {
		add(townLine(part, a))
	}
	add(a.GetSortingCode())
	if len(lines) > 0 {
		add(regionName(a.GetRegionCode(), regions))
	}
	return lines
}

// townLine fills a format. Separators before what is missing are left out.
func townLine(format string, a *postaladdress.PostalAddress) string {
	values := map[rune]string{'P': a.GetPostalCode(), 'L': a.GetLocality(), 'A': a.GetAdministrativeArea()}
	var out, separator strings.Builder
	for _, r := range format {
		value, field := values[r]
		switch {
		case !field:
			separator.WriteRune(r)
		case value != "":
			if out.Len() > 0 {
				out.WriteString(separator.String())
			}
			out.WriteString(value)
			separator.Reset()
		}
	}
	return out.String()
}

// regionName is the region's name in the mail's language; its code when it has none.
func regionName(code string, regions display.Namer) string {
	region, err := language.ParseRegion(code)
	if err != nil {
		return code
	}
	if name := regions.Name(region); name != "" {
		return name
	}
	return code
}
