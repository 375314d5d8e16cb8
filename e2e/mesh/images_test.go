//go:build mesh

package mesh

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What an image may weigh: as the registry keeps it, and unpacked.
const (
	compressed = 20_000_000
	unpacked   = 45_000_000
)

// manifest is an image's, and its configuration.
type manifest struct {
	Config struct{ Digest string }
	Layers []struct {
		MediaType, Digest string
		Size              int64
	}
}

// Row 19, images: `make images` gives small images with a list of what is in them, which hold
// the program alone and run it as nobody; the same sources give the same digests elsewhere.
func TestRow19Images(t *testing.T) {
	t.Parallel()
	built := images(t, root(t))
	if len(built) != 11 {
		t.Fatalf("make images printed %d images: %v", len(built), built)
	}
	var heaviest, largest int64
	for _, image := range built {
		repository, digest, _ := strings.Cut(image, "@")
		m := manifestOf(t, repository, digest)
		var config struct{ Config struct{ User string } }
		if err := json.Unmarshal(blob(t, repository, m.Config.Digest), &config); err != nil {
			t.Fatal(err)
		}
		if user, _, _ := strings.Cut(config.Config.User, ":"); user != "65532" && user != "nonroot" {
			t.Errorf("%s runs as %q", image, user)
		}
		var size, files int64
		var programs []string
		for _, layer := range m.Layers {
			size += layer.Size
			n, found := contents(t, blob(t, repository, layer.Digest))
			files, programs = files+n, append(programs, found...)
		}
		if own := "ko-app/" + path.Base(repository); len(programs) != 1 || programs[0] != own {
			t.Errorf("%s holds the programs %q, want %s alone", image, programs, own)
		}
		if size > compressed || files > unpacked {
			t.Errorf("%s has %d bytes in the registry, %d unpacked", image, size, files)
		}
		heaviest, largest = max(heaviest, size), max(largest, files)
		if listed := packagesOf(t, repository, digest); listed < 20 {
			t.Errorf("the list of %s names %d packages", image, listed)
		}
	}
	again := images(t, elsewhere(t))
	if !slices.Equal(built, again) {
		t.Errorf("the same sources gave\n%s\nand elsewhere\n%s", strings.Join(built, "\n"), strings.Join(again, "\n"))
	}
	t.Logf("row 19, images: %d, at most %.1f MB in the registry and %.1f unpacked, each with its list; %d digests the same twice",
		len(built), float64(heaviest)/1e6, float64(largest)/1e6, len(again))
}

// images builds all of a tree, and returns where they are in the registry, sorted. What
// differs between trees on purpose, the commit in the programs, is left out.
func images(t *testing.T, tree string) []string {
	t.Helper()
	printed, err := try(t.Context(), "", "env", "GOFLAGS=-buildvcs=false", "make", "-s", "-C", tree, "images")
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(printed)
	slices.Sort(all)
	return all
}

// elsewhere is a copy of the tree, with what is not committed yet, in another folder.
func elsewhere(t *testing.T) string {
	t.Helper()
	listed, err := try(t.Context(), "", "git", "-C", root(t), "ls-files", "--cached", "--others", "--exclude-standard", "-z")
	if err != nil {
		t.Fatal(err)
	}
	// What git ignores, and programs hold: the office, as it was built.
	office, err := try(t.Context(), "", "git", "-C", root(t), "ls-files", "--others", "--ignored", "--exclude-standard", "-z", "web/office/built")
	if err != nil {
		t.Fatal(err)
	}
	listed += office
	to := t.TempDir()
	for name := range strings.SplitSeq(strings.Trim(listed, "\x00"), "\x00") {
		copied(t, filepath.Join(root(t), name), filepath.Join(to, name))
	}
	return to
}

// copied copies a file; one that is listed and was deleted is left out.
func copied(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from) //nolint:gosec // a file of the tree
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, text, info.Mode().Perm()); err != nil {
		t.Fatal(err)
	}
}

// fromRegistry reads a path of a registry, as the cluster's surroundings reach it.
func fromRegistry(t *testing.T, repository, what string) []byte {
	t.Helper()
	host, name, _ := strings.Cut(repository, "/")
	scheme := "https"
	if strings.HasPrefix(host, "localhost") || strings.HasPrefix(host, "127.") {
		scheme = "http"
	}
	got, err := try(t.Context(), "", "curl", "-sSfL", "-H", "Accept: application/vnd.oci.image.manifest.v1+json", fmt.Sprintf("%s://%s/v2/%s/%s", scheme, host, name, what))
	if err != nil {
		t.Fatal(err)
	}
	return []byte(got)
}

// blob reads a part of an image, and checks that it is what its digest says.
func blob(t *testing.T, repository, digest string) []byte {
	t.Helper()
	content := fromRegistry(t, repository, "blobs/"+digest)
	if sum := sha256.Sum256(content); "sha256:"+hex.EncodeToString(sum[:]) != digest {
		t.Fatalf("%s@%s holds something else", repository, digest)
	}
	return content
}

func manifestOf(t *testing.T, repository, reference string) manifest {
	t.Helper()
	var m manifest
	if err := json.Unmarshal(fromRegistry(t, repository, "manifests/"+reference), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// contents is how many bytes a layer has unpacked, and which files of it can be run.
func contents(t *testing.T, layer []byte) (int64, []string) {
	t.Helper()
	unzipped, err := gzip.NewReader(strings.NewReader(string(layer)))
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	var programs []string
	files := tar.NewReader(unzipped)
	for {
		file, err := files.Next()
		if errors.Is(err, io.EOF) {
			return size, programs
		}
		if err != nil {
			t.Fatal(err)
		}
		size += file.Size
		if file.Typeflag != tar.TypeDir && file.Mode&0o111 != 0 {
			programs = append(programs, strings.TrimLeft(file.Name, "./"))
		}
	}
}

// packagesOf is how many packages the list (SPDX) names that belongs to an image.
func packagesOf(t *testing.T, repository, digest string) int {
	t.Helper()
	m := manifestOf(t, repository, strings.Replace(digest, ":", "-", 1)+".sbom")
	if len(m.Layers) != 1 || m.Layers[0].MediaType != "text/spdx+json" {
		t.Fatalf("the list of %s@%s: %+v", repository, digest, m)
	}
	var list struct{ Packages []struct{ Name string } }
	if err := json.Unmarshal(blob(t, repository, m.Layers[0].Digest), &list); err != nil {
		t.Fatal(err)
	}
	return len(list.Packages)
}
