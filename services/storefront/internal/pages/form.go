package pages

import (
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/shopmesh/shopmesh/services/storefront/internal/session"
)

// maxForm is how many bytes a form may have: each field of the largest one at its bound.
const maxForm = 64 << 10

// errForm is a form that no page of ours sent.
var errForm = errors.New("the form can't be read")

// readForm reads a form that was sent.
func (v *visit) readForm() error {
	v.request.Body = http.MaxBytesReader(v.w, v.request.Body, maxForm)
	if err := v.request.ParseForm(); err != nil {
		return errors.Join(errForm, err)
	}
	return nil
}

// field returns what was typed into a field, without the blanks around it.
func (v *visit) field(name string) string { return strings.TrimSpace(v.request.PostForm.Get(name)) }

// see leads to a page after a form, so that reloading it sends nothing again. fields of its
// address are given as name and value in turn.
func (v *visit) see(path string, fields ...string) error {
	query := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		query.Set(fields[i], fields[i+1])
	}
	header := v.w.Header()
	v.protect()
	header.Set("Cache-Control", noStore)
	header.Set("Location", v.url(withQuery(path, query)))
	v.w.WriteHeader(http.StatusSeeOther)
	return nil
}

// session returns what the visitor's browser has opened.
func (v *visit) session() (*session.Session, error) {
	if v.opened == nil {
		opened, err := v.server.Sessions.Open(v.request.Context(), v.request)
		if err != nil {
			return nil, err
		}
		v.opened = opened
	}
	return v.opened, nil
}

// remember changes what the visitor's browser has opened. change may run several times.
func (v *visit) remember(change func(*session.Content)) error {
	opened, err := v.session()
	if err != nil {
		return err
	}
	return v.server.Sessions.Change(v.request.Context(), v.w, opened, change)
}
