package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"tracekit/internal/gzwrite"
	"tracekit/transform/split"
)

// unfinished is a file that stands in a folder while pieces are written to it.
const unfinished = ".tracekit-unfinished"

// folder is where the pieces of a split go.
type folder struct {
	path   string
	packer *gzwrite.Writer
}

// openFolder makes the folder, or takes one that is empty. What an interrupted
// split has left in it goes; what else is in it stays, and is refused unless
// force is set.
func openFolder(path string, force bool) (*folder, error) {
	if err := os.MkdirAll(path, 0o777); err != nil {
		return nil, plainPathError(err)
	}
	f := &folder{path: path}
	if _, err := os.Stat(f.file(unfinished)); err == nil || force {
		if err := f.clear(); err != nil {
			return nil, plainPathError(err)
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, plainPathError(err)
	}
	if len(entries) > 0 && !force {
		return nil, hint(fmt.Errorf("%s: is not empty", path), "name another folder, or say --force to write beside what is in it")
	}
	return f, nil
}

// clear removes the files of a split before: those that its list names.
func (f *folder) clear() error {
	for _, list := range []string{unfinished, split.ManifestNames[0]} {
		text, err := os.ReadFile(f.file(list))
		if err != nil {
			continue
		}
		var m split.Manifest
		if json.Unmarshal(text, &m) != nil {
			continue // it is not ours
		}
		for _, name := range append(m.Files(), split.ManifestNames[:]...) {
			if filepath.Base(name) != name {
				continue
			}
			if err := os.Remove(f.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
			left, _ := filepath.Glob(f.file("." + name + ".*.tmp"))
			for _, l := range left {
				os.Remove(l)
			}
		}
	}
	err := os.Remove(f.file(unfinished))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// Begin notes what will be written, for whoever finds it half done.
func (f *folder) Begin(m *split.Manifest) error {
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return writingTo(f.path, os.WriteFile(f.file(unfinished), text, 0o666))
}

// End notes that all is written.
func (f *folder) End() error { return plainPathError(os.Remove(f.file(unfinished))) }

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// Create begins a file.
func (f *folder) Create(name string, compress bool) (split.File, error) {
	file, err := createBeside(f.file(name))
	if err != nil {
		return nil, err
	}
	p := &pieceFile{file: file, path: f.file(name)}
	p.Writer = counted{file, p.path, &p.packed}
	if compress {
		if f.packer == nil {
			f.packer = gzwrite.NewWriter(p.Writer, gzwrite.Options{})
		} else {
			f.packer.Reset(p.Writer)
		}
		p.packer, p.Writer = f.packer, f.packer
	}
	return p, nil
}

type pieceFile struct {
	io.Writer
	packer *gzwrite.Writer // nil if the file is not packed
	file   *os.File
	path   string
	packed int64
}

func (p *pieceFile) Commit() (int64, error) {
	if p.packer != nil {
		if err := p.packer.Close(); err != nil {
			p.discard()
			return 0, err
		}
	}
	err := p.file.Close()
	if err == nil {
		err = os.Rename(p.file.Name(), p.path)
	}
	if err != nil {
		os.Remove(p.file.Name())
	}
	return p.packed, writingTo(p.path, err)
}

func (p *pieceFile) Abort() {
	if p.packer != nil {
		p.packer.Abort()
	}
	p.discard()
}

func (p *pieceFile) discard() {
	p.file.Close()
	os.Remove(p.file.Name())
}
