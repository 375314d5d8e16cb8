package web_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
)

// formOfMug is the form that puts the blue mug into the cart, as its page has it now.
func (b *browser) formOfMug() url.Values {
	b.t.Helper()
	return b.formOf(b.get("/p/BLUE/blue-mug", "Cookie", b.cookie), "/cart/add")
}

// holds checks how many of the only product are in the cart.
func (b *browser) holds(quantity string) {
	b.t.Helper()
	if got := b.formOf(b.open("/cart", "Blue mug"), "/cart/set").Get("quantity"); got != quantity {
		b.t.Errorf("the cart holds %s, want %s", got, quantity)
	}
}

const (
	added       = "/cart?added=1"
	addedBefore = "/cart?added=before"
)

// The same form that is sent twice adds once, and says so, without JavaScript: a double click
// or a lost answer puts nothing in that nobody asked for. A form of a page that was loaded
// since adds, and so does an old one whose product was taken out
// (nextjs-starter-medusa#410, woocommerce#14541).
func TestAFormAddsOnce(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	(&browser{shop: s}).put("BLUE", "1") // so that order knows it
	b := &browser{shop: s}
	first := b.formOfMug()
	for _, want := range []string{added, addedBefore, addedBefore} {
		if to := b.sends("/cart/add", first); to != want {
			t.Errorf("the first form leads to %s, want %s", to, want)
		}
	}
	b.open(addedBefore, "sent twice", "autofocus")
	b.holds("1")

	next := b.formOfMug()
	places := make([]string, 4)
	var clicks sync.WaitGroup
	for i := range places {
		tab := *b
		clicks.Go(func() { _, places[i] = tab.send("/cart/add", next) })
	}
	clicks.Wait()
	slices.Sort(places)
	if !slices.Equal(places, []string{added, addedBefore, addedBefore, addedBefore}) {
		t.Errorf("four clicks lead to %q", places)
	}
	b.holds("2")
	if to := b.sends("/cart/add", fill(next, "quantity", "3")); to != added {
		t.Errorf("another quantity leads to %s", to)
	}
	b.holds("5")
	b.set("/cart/set", "BLUE", "0", "/cart?n=5&removed=BLUE")
	if to := b.sends("/cart/add", first); to != added {
		t.Errorf("what was taken out is added again to %s", to)
	}
	b.holds("1")
}

// Two tabs that were opened before the visitor had anything fill one cart. Two first clicks at
// once are two visitors to us; whichever cart the browser keeps, it holds what was clicked,
// once.
func TestFirstTabsShareACart(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	s.product("RED", "Red mug", s.category("More mugs", ""), 7)
	s.deliver("RED", 3)
	(&browser{shop: s}).put("BLUE", "1")
	(&browser{shop: s}).put("RED", "1")
	b := &browser{shop: s}
	blue, red := b.formOfMug(), b.formOf(b.get("/p/RED/red-mug"), "/cart/add")
	b.sends("/cart/add", blue)
	cookie := b.cookie
	if to := b.sends("/cart/add", red); to != added || b.cookie != cookie {
		t.Errorf("the second tab leads to %s", to)
	}
	b.open("/cart", "Blue mug", "Red mug", "2 items")

	clicks := []*browser{{shop: s}, {shop: s}}
	var both sync.WaitGroup
	for _, click := range clicks {
		both.Go(func() { click.sends("/cart/add", blue) })
	}
	both.Wait()
	for _, kept := range clicks {
		kept.holds("1")
	}
}

// A double click on "Remove" takes out once, and still offers to put it back.
func TestWhatWasRemovedTwiceCanBePutBack(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "3")
	remove := url.Values{"code": {"BLUE"}, "quantity": {"0"}, "shown": {"3"}}
	if p := b.open("/cart"); !strings.Contains(p.body, `name="shown" value="3"`) {
		t.Errorf("the form does not say how many it showed\n%s", p.body)
	}
	for range 2 {
		if to := b.sends("/cart/set", remove); to != "/cart?n=3&removed=BLUE" {
			t.Errorf("removing leads to %s", to)
		}
	}
	undo := b.formOf(b.open("/cart?n=3&removed=BLUE", "Put it back"), "/cart/set")
	for range 2 {
		b.sends("/cart/set", undo)
	}
	b.holds("3")
}

// A double click on "Order again" puts what was ordered into the cart once.
func TestOrderAgainAddsOnce(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "2")
	leads := b.sends("/checkout/place", ada(b.formOf(b.open("/checkout"), "/checkout/place")))
	again := b.formOf(b.open(leads), leads+"/again")
	for _, want := range []string{added, addedBefore} {
		if to := b.sends(leads+"/again", again); to != want {
			t.Errorf("ordering again leads to %s, want %s", to, want)
		}
	}
	b.holds("2")
	b.sends(leads+"/again", b.formOf(b.open(leads), leads+"/again"))
	b.holds("4")
}

// What a form had to tell has the focus when the page is loaded, so that it is read out
// (woocommerce#43614, #37602).
func TestNoticesHaveTheFocus(t *testing.T) {
	t.Parallel()
	s, _ := selling(t)
	b := &browser{shop: s}
	b.put("BLUE", "1")
	for _, path := range []string{
		"/cart?added=1", "/cart?problem=quantity", "/cart?n=1&removed=BLUE", "/orders/find?sent=1",
	} {
		if p := b.open(path); strings.Count(p.body, " autofocus") != 1 {
			t.Errorf("%s: nothing has the focus, or several things\n%s", path, p.body)
		}
	}
	bad := s.shows("/search?min=x&max=y", http.StatusOK, `aria-describedby="min-error"`, `aria-describedby="max-error"`)
	if strings.Count(bad.body, " autofocus") != 1 {
		t.Errorf("not one field has the focus\n%s", bad.body)
	}
	b.sends("/checkout/place", fill(ada(b.formOf(b.open("/checkout"), "/checkout/place")), "contact.email", "ada@"))
	if p := b.open("/checkout"); strings.Count(p.body, " autofocus") != 1 {
		t.Errorf("the checkout: not one thing has the focus\n%s", p.body)
	}
	for _, path := range []string{"/", "/cart", "/search", "/p/BLUE/blue-mug"} {
		b.lacks(b.get(path, "Cookie", b.cookie), " autofocus")
	}
}
