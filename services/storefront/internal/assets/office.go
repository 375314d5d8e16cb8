package assets

import (
	"errors"
	"html"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// OfficePrefix is where the files of the office are.
const OfficePrefix = "/office/assets/"

// Office is what the office was built to.
type Office struct {
	// page is the one page that all addresses of the office have; empty where nobody built it.
	page string
	// Files are what the page loads.
	Files *Assets
}

// LoadOffice reads a build of the office. The names of its files hold the hashes of their
// contents already, and the compressed forms stand beside them.
func LoadOffice(built fs.FS) (*Office, error) {
	office := &Office{Files: &Assets{byPath: make(map[string]*asset)}}
	page, err := fs.ReadFile(built, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		return office, nil
	}
	if err != nil {
		return nil, err
	}
	if office.page = string(page); !office.Built() {
		return nil, errors.New("index.html is empty")
	}
	entries, err := fs.ReadDir(built, "assets")
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if name := entry.Name(); !slices.Contains([]string{".br", ".gz"}, path.Ext(name)) {
			if err := office.Files.addBuilt(built, name); err != nil {
				return nil, err
			}
		}
	}
	return office, nil
}

// Built reports whether there is an office.
func (o *Office) Built() bool { return o.page != "" }

// Page is the page with values, given as name and value in turn, where it has their names: {{.Name}}.
// It has them in texts and in quoted attributes alone. No template's engine is needed for that: those
// call methods by name, for which the program would keep every method of every type.
func (o *Office) Page(namesAndValues ...string) string {
	places := make([]string, 0, len(namesAndValues))
	for i := 0; i+1 < len(namesAndValues); i += 2 {
		places = append(places, "{{."+namesAndValues[i]+"}}", html.EscapeString(namesAndValues[i+1]))
	}
	return strings.NewReplacer(places...).Replace(o.page)
}

func (a *Assets) addBuilt(built fs.FS, name string) error {
	kind, err := contentType(name)
	if err != nil {
		return err
	}
	one := &asset{contentType: kind}
	for _, form := range []struct {
		ending  string
		content *[]byte
	}{{"", &one.plain}, {".gz", &one.gzip}, {".br", &one.brotli}} {
		if *form.content, err = fs.ReadFile(built, "assets/"+name+form.ending); err != nil {
			return err
		}
	}
	a.byPath[OfficePrefix+name] = one
	return nil
}
