package main

import (
	"context"
	"fmt"
	"io"
	"net/http"

	catalogv1 "github.com/shopmesh/shopmesh/gen/go/shopmesh/catalog/v1"
)

// cardsOfPage is how many products a category's page shows.
const cardsOfPage = 24

// browsing measures a category's page beside the call that lists the same products, in turns:
// what the page costs beyond that are its other calls, and to be written and compressed.
func (b *bench) browsing(ctx context.Context, category string) error {
	pages := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: readers}}
	defer pages.CloseIdleConnections()
	at, err := open(ctx, pages, b.shop.api+"/c/"+category)
	if err != nil {
		return err
	}
	filter := fmt.Sprintf("category_id = %q", category)
	sides := []*reader{
		{name: "ListProducts of a category", pid: b.shop.pid(), call: func(ctx context.Context) error {
			_, err := b.shop.product.ListProducts(ctx, &catalogv1.ListProductsRequest{PageSize: cardsOfPage, Filter: filter, OrderBy: "name", IncludeTotalSize: true})
			return err
		}},
		{name: "the category's page", pid: b.shop.pid(), call: func(ctx context.Context) error {
			_, err := open(ctx, pages, at)
			return err
		}},
	}
	if err := b.readInTurn(ctx, "pages", sides); err != nil {
		return err
	}
	page := sides[1]
	fmt.Printf("\na category's page costs %.2f ms of CPU\n\n", (median(page.cpu)+median(page.database))/1000)
	return nil
}

// open gets a page as a browser does that has nothing of it yet, and returns where it is.
func open(ctx context.Context, client *http.Client, url string) (at string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Accept-Encoding", "gzip, br")
	res, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = res.Body.Close() }()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return "", err
	}
	if res.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s is %s", url, res.Status)
	}
	return res.Request.URL.String(), nil
}
