package grammar

import (
	"strings"

	"golang.org/x/text/language"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// regions are ISO 3166-1's officially assigned alpha-2 codes of 2026, and XK, under
// which Kosovo's post is known (user-assigned, used by the European Union and by
// CLDR). The list is pinned: golang.org/x/text also knows withdrawn codes and parts
// of countries, and which ones changes with its version.
const regions = " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ" +
	" CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR" +
	" GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP" +
	" KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ" +
	" NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW" +
	" SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ" +
	" UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW "

// withdrawn are codes that ISO took back, or reserves for something else, with
// those that stand for the same place today.
var withdrawn = map[string]string{
	"AN": "BQ, CW or SX", "CS": "RS or ME", "YU": "RS or ME", "SU": "RU or that of another state of today", "NT": "IQ or SA",
	"EA": "ES", "IC": "ES", "AC": "SH", "TA": "SH", "CP": "FR", "DG": "IO", "PC": "MH, FM, MP or PW", "EL": "GR",
}

// Region checks the code of a country or territory: ISO 3166-1 alpha-2 in capitals,
// or XK for Kosovo. What is nearly one is refused with the code that is meant.
func Region(code string) error {
	if known(code) {
		return nil
	}
	upper := strings.ToUpper(strings.TrimSpace(code))
	if known(upper) {
		return fault.Breach(fault.RuleRegion, "must be %s, in capitals and without blanks", upper)
	}
	if today, ok := withdrawn[upper]; ok {
		return fault.Breach(fault.RuleRegion, "%s is not assigned by ISO 3166-1: use %s", upper, today)
	}
	// The database of x/text knows aliases, withdrawn codes and those of three letters.
	if len(upper) == 2 || len(upper) == 3 {
		if region, err := language.ParseRegion(upper); err == nil && known(region.Canonicalize().String()) {
			return fault.Breach(fault.RuleRegion, "%s is not assigned by ISO 3166-1 alpha-2: use %s", upper, region.Canonicalize())
		}
	}
	return fault.Breach(fault.RuleRegion, "must be a country's ISO 3166-1 alpha-2 code in capitals, such as DE or GB")
}

// Regions returns the codes that Region takes.
func Regions() []string { return strings.Fields(regions) }

func known(code string) bool {
	return len(code) == 2 && !strings.Contains(code, " ") && strings.Contains(regions, " "+code+" ")
}
