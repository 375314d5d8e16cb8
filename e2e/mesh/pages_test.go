//go:build mesh

package mesh

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// read gets a page through the ingress, as a client outside.
func read(t *testing.T, path string) answer {
	t.Helper()
	return drive[[]answer](t, outside, "request", "-url", gateway+path, "-ca", certificate(t), "-header", "Accept: text/html")[0]
}

// isPage reports whether an answer is a document for people.
func (a answer) isPage() bool { return strings.HasPrefix(a.Header["content-type"], "text/html") }

// pagesServed reports that the start page can't be read from outside.
func pagesServed(t *testing.T) error {
	t.Helper()
	got, err := run[[]answer](t, outside, "driver", "request", "-url", gateway+"/", "-ca", certificate(t))
	if err != nil {
		return err
	}
	if got[0].Status != http.StatusOK || !got[0].isPage() {
		return fmt.Errorf("the start page is answered with %d %s", got[0].Status, got[0].Error)
	}
	return nil
}

// pagesLast proves that the proxies of the ingress try the route of all pages after all others,
// and that the links in mails are not traced.
func pagesLast(t *testing.T) {
	t.Helper()
	type route struct {
		Name    string
		Tracing *struct{ OverallSampling *struct{ Numerator int } }
	}
	var found []struct {
		VirtualHosts []struct{ Routes []route }
	}
	text := istioctl(t, "proxy-config", "routes", "deployment/ingress.shop-ingress", "-o", "json")
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		t.Fatal(err)
	}
	hosts, links := 0, 0
	for _, config := range found {
		for _, host := range config.VirtualHosts {
			for i, r := range host.Routes {
				if r.Name == "storefront.pages" {
					hosts++
					if i != len(host.Routes)-1 {
						t.Errorf("of %d routes the one of all pages is number %d", len(host.Routes), i+1)
					}
				}
				if r.Name == "storefront.links" { // one for each form that their addresses have
					links++
					if r.Tracing == nil || r.Tracing.OverallSampling == nil || r.Tracing.OverallSampling.Numerator != 0 {
						t.Errorf("links in mails are traced: %+v", r.Tracing)
					}
				}
			}
		}
	}
	if hosts == 0 || links < hosts {
		t.Errorf("%d hosts have pages, and %d routes lead links in mails", hosts, links)
	}
}

// Row 12, pages: what is no RPC and no REST path is a page, in the visitor's language, also where
// the ingress answers itself; the token in a mail's link is in no log of the proxies.
func TestRow12Pages(t *testing.T) {
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/": {200, `<html lang="en"`}, "/de": {200, `<html lang="de"`}, "/ar": {200, `dir="rtl"`},
		"/no/such/page": {404, "This page does not exist"}, "/orders/AAAA-AAAA": {404, "does not open that order"},
		"/sitemap.xml": {200, gateway + "/"}, "/robots.txt": {200, "Sitemap: " + gateway}, "/office/": {200, `id="office"`},
	} {
		got := read(t, path)
		if got.Status != want.status || !strings.Contains(got.Body, want.says) {
			t.Errorf("%s is %d, without %q: %.300s", path, got.Status, want.says, got.Body)
		}
		if got.isPage() && !strings.HasPrefix(got.Header["content-security-policy"], "default-src 'none'") {
			t.Errorf("%s may load %q", path, got.Header["content-security-policy"])
		}
	}
	for _, path := range []string{"/v1/nothing", "/shopmesh.catalog.v1.ProductService/Nothing"} {
		if got := read(t, path); got.Status != 404 || got.isPage() {
			t.Errorf("%s is %d, %s", path, got.Status, got.Header["content-type"])
		}
	}
	logs := linksInLogs(t)

	replicas(t, "storefront", 0)
	defer replicas(t, "storefront", 2)
	eventually(t, patience, func() error {
		for path, says := range map[string]string{"/": "The shop is busy", "/de/cart": "Der Shop ist beschäftigt", "/ar": "المتجر مشغول"} {
			got := read(t, path)
			if got.Status != http.StatusServiceUnavailable || !got.isPage() || !strings.Contains(got.Body, says) || got.Header["retry-after"] == "" || got.Header["cache-control"] != "no-store" {
				return fmt.Errorf("without storefront %s is %+v", path, got)
			}
		}
		return nil
	})
	if got := read(t, "/v1/products?pageSize=1"); got.Status != http.StatusOK {
		t.Errorf("without storefront a call is %+v", got)
	}
	t.Logf("row 12, pages: a page at each path that nothing else has; %s; without storefront the ingress answers with a page in three languages, and calls go on", logs)
}

// linksInLogs opens a link that opens nothing, and other pages, and proves that the proxies have
// logged these alone.
func linksInLogs(t *testing.T) string {
	t.Helper()
	began := time.Now().Add(-time.Second)
	secret, mark := "sm_go_"+rand.Text(), "mark"+rand.Text()
	for _, prefix := range []string{"", "/de", "/ar", "/%6f/..", "/"} {
		if got := read(t, prefix+"/o/"+secret); got.Status != http.StatusNotFound || !got.isPage() {
			t.Errorf("%s/o/… is %d", prefix, got.Status)
		}
	}
	lines := 0
	for namespace, app := range map[string]string{"shop-ingress": "ingress", "shop": "storefront"} {
		for _, pod := range podsOf(t, namespace, app) {
			eventually(t, patience, func() error { // each replica has answered, and written what came before
				read(t, "/orders/find?"+mark)
				for _, one := range requests(t, namespace, pod, began) {
					if strings.Contains(one.Path, mark) {
						return nil
					}
				}
				return fmt.Errorf("%s has logged no page with the mark", pod)
			})
			log := kubectl(t, "-n", namespace, "logs", pod, "--all-containers", "--since-time="+began.UTC().Format(time.RFC3339))
			if strings.Contains(log, secret) {
				t.Errorf("the log of %s has the token of a link", pod)
			}
			lines += strings.Count(log, "\n")
		}
	}
	return fmt.Sprintf("no token of a link in %d lines of logs", lines)
}

// Row 16, links: where everything is traced, a link in a mail is not, because spans have whole
// addresses.
func TestRow16Links(t *testing.T) {
	traced(t, 100)
	defer traced(t, 1) // before the test's context ends
	secret, mark := "sm_go_"+rand.Text(), "mark"+rand.Text()
	holding := func(text string) int {
		t.Helper()
		var spans []struct{ Service, Name string }
		got := drive[[]answer](t, operator, "request", "-url", "http://otel.shop-data:4318/spans?holding="+text)[0]
		if err := json.Unmarshal([]byte(got.Body), &spans); err != nil {
			t.Fatal(err)
		}
		return len(spans)
	}
	drive[[]answer](t, outside, "request", "-url", gateway+"/o/"+secret, "-ca", certificate(t), "-n", "8")
	drive[[]answer](t, outside, "request", "-url", gateway+"/orders/find?"+mark, "-ca", certificate(t), "-n", "8")
	seen := 0
	eventually(t, patience, func() error {
		if seen = holding(mark); seen < 8 {
			return fmt.Errorf("%d spans of pages that were read after the link", seen)
		}
		return nil
	})
	if n := holding(secret); n != 0 {
		t.Errorf("%d spans hold the token of a link", n)
	}
	t.Logf("row 16, links: %d spans of other pages, none of a link", seen)
}

// Row 10, pages: a form that sends mails is limited as the RPC behind it, by the address of who
// sends it and not by storefront's.
func TestRow10Pages(t *testing.T) {
	pods := outsiders(t, 2)
	defer outsiders(t, 1) // the next row's client is none that flooded
	ca := certificate(t)
	form := url.Values{"number": {"AAAA-AAAA"}, "email": {"nobody@example.com"}}.Encode()
	send := func(pod string, n int) (passed int, refused []answer) {
		t.Helper()
		for _, got := range drive[[]answer](t, "shop-test/"+pod, "request", "-method", "POST", "-url", gateway+"/orders/link", "-ca", ca, "-n", fmt.Sprint(n),
			"-header", "Content-Type: application/x-www-form-urlencoded", "-header", "Sec-Fetch-Site: same-origin", "-body", form) {
			if got.Status == http.StatusTooManyRequests {
				refused = append(refused, got)
				continue
			}
			if got.Status != http.StatusSeeOther { // to the page that says that it was sent
				t.Errorf("the form is answered %+v", got)
			}
			passed++
		}
		return passed, refused
	}
	passed, refused := send(pods[0], 60) // order's two replicas let twenty through each
	if passed < 20 || passed > 42 || len(refused) == 0 {
		t.Errorf("of 60 forms %d passed, want 20 to 40", passed)
	}
	for _, got := range refused {
		if !got.isPage() || !strings.Contains(got.Body, "That was too much at once") || got.Header["retry-after"] == "" {
			t.Errorf("refused with %+v", got)
			break
		}
	}
	if _, others := send(pods[1], 5); len(others) > 0 {
		t.Errorf("another address is refused %d of 5 forms", len(others))
	}
	t.Logf("row 10, pages: of 60 forms %d passed and %d were refused with a page; of another address's 5 none was", passed, len(refused))
}

// pageReaders has each account's pod read a page of storefront, past the routes: the ingress alone
// gets there. It returns how many accounts were refused.
func pageReaders(t *testing.T, accounts []string) int {
	t.Helper()
	refused := 0
	for _, account := range accounts {
		namespace := "shop"
		if account == "ingress" {
			namespace = "shop-ingress"
		}
		pod := namespace + "/caller-" + account
		page := drive[[]answer](t, pod, "request", "-url", "http://storefront.shop:8080/search", "-header", "Host: storefront-direct.shop.svc.cluster.local")[0]
		want := 403
		if account == "ingress" {
			want = 200
		}
		if page.Status != want || page.Error != "" {
			t.Errorf("%s reads a page: %+v, want %d", account, page, want)
		}
		if page.Status == 403 {
			refused++
		}
	}
	return refused
}
