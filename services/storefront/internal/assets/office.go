package assets

import (
	"errors"
	"html/template"
	"io/fs"
	"path"
	"slices"
)

// OfficePrefix is where the files of the office are.
const OfficePrefix = "/office/assets/"

// Office is what the office was built to.
type Office struct {
	// Page is the one page that all addresses of the office have; nil where nobody built it.
	Page *template.Template
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
	if office.Page, err = template.New("office").Parse(string(page)); err != nil {
		return nil, err
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
