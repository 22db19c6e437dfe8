package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"
)

var (
	someTime  = time.Unix(1_700_000_000, 0).UTC()
	someFiles = []file{{"tracekit", []byte("a program"), true}, {"man/tracekit.1", bytes.Repeat([]byte("a page\n"), 1000), false}}
)

func TestPackIsTheSameTwice(t *testing.T) {
	for name, pack := range map[string]func(string, []file, time.Time) ([]byte, error){"tar": packTar, "zip": packZip} {
		first, err := pack("folder", someFiles, someTime)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := pack("folder", someFiles, someTime); err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s: the bytes differ", name)
		}
	}
}

func TestTarHoldsTheFiles(t *testing.T) {
	packed, err := packTar("folder", someFiles, someTime)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	r := tar.NewReader(z)
	for _, f := range someFiles {
		head, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil || head.Name != "folder/"+f.name || !bytes.Equal(text, f.text) || head.FileInfo().Mode() != f.mode() ||
			!head.ModTime.Equal(someTime) || head.Uname != "" || head.Uid != 0 {
			t.Errorf("%+v, %d bytes, %v", head, len(text), err)
		}
	}
	if _, err := r.Next(); err != io.EOF {
		t.Error(err)
	}
}

func TestZipHoldsTheFiles(t *testing.T) {
	packed, err := packZip("folder", someFiles, someTime)
	if err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(packed), int64(len(packed)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range someFiles {
		text, err := fs.ReadFile(r, "folder/"+f.name)
		info, statErr := fs.Stat(r, "folder/"+f.name)
		if err != nil || statErr != nil || !bytes.Equal(text, f.text) || info.Mode() != f.mode() || !info.ModTime().Equal(someTime) {
			t.Errorf("%s: %v %v %v", f.name, err, statErr, info)
		}
	}
}

func TestDocumentationIsInOrder(t *testing.T) {
	docs := t.TempDir()
	for _, name := range []string{"b", "a/c", "a/b"} {
		name = filepath.Join(docs, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte("x"), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir("../..")
	files, err := documentation(docs)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"README.md", "LICENSE", "CHANGELOG.md", "a/b", "a/c", "b"}
	if len(files) != len(want) {
		t.Fatal(len(files))
	}
	for i, f := range files {
		if f.name != want[i] || len(f.text) == 0 {
			t.Errorf("%s of %d bytes, want %s", f.name, len(f.text), want[i])
		}
	}
}

func TestReleaseWantsAVersion(t *testing.T) {
	if err := release("", "c", someTime, "", t.TempDir()); err == nil {
		t.Error("no version, and no error")
	}
}
