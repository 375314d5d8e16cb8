package grammar

import (
	"net/url"
	"strings"

	"github.com/shopmesh/shopmesh/kit/fault"
)

// Origin returns what is wrong with the origin of a site's pages: scheme and host, as a
// browser writes them in the header Origin (RFC 6454).
func Origin(text string) error {
	parsed, err := url.Parse(text)
	if err != nil || parsed.Scheme != "http" && parsed.Scheme != "https" || parsed.Host == "" ||
		text != parsed.Scheme+"://"+parsed.Host || strings.ContainsAny(text, "*\"") || strings.ToLower(text) != text {
		return fault.Breach(fault.RuleMalformed, "%q is no origin: write scheme and host as a browser does, such as https://shop.example or http://localhost:5173", text)
	}
	if port := parsed.Port(); port == map[string]string{"http": "80", "https": "443"}[parsed.Scheme] {
		return fault.Breach(fault.RuleMalformed, "%q names its usual port, which browsers leave out: write %s://%s", text, parsed.Scheme, strings.TrimSuffix(parsed.Host, ":"+port))
	}
	return nil
}
