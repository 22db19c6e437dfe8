package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tracekit/internal/gzwrite"
	"tracekit/internal/progress"
	"tracekit/transform/split"
)

// unfinished is a file that stands in a folder while pieces are written to it.
const unfinished = ".tracekit-unfinished"

// folder is where the pieces of a split go.
type folder struct {
	path  string
	made  bool                        // by openFolder
	input os.FileInfo                 // of the trace that is read, nil for a pipe
	check func(*split.Manifest) error // of the plan, before anything is written
	meter *progress.Meter             // is told of pieces that are done; nil if it need not know
	work  int64                       // what all of them are worth to it
	share int64                       // what each is
	old   []string                    // files of a split before, which go when this one begins
	idle  []*gzwrite.Writer
	mutex sync.Mutex // over idle
}

// openFolder makes the folder, or takes one that has nothing in it but what an
// interrupted split has left. What else is in one is refused unless force is set,
// and stays, but for the files of a split.
func openFolder(path string, force bool, in *input) (*folder, error) {
	f, err := makeFolder(path)
	if err != nil {
		return nil, err
	}
	if in.file != nil {
		if f.input, err = in.file.Stat(); err != nil {
			return nil, err
		}
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, plainPathError(err)
	}
	f.list(unfinished, entries)
	if force {
		f.list(split.ManifestNames[0], entries)
	}
	for _, e := range entries {
		if !force && !slices.Contains(f.old, e.Name()) {
			return nil, hint(fmt.Errorf("%s: is not empty", path), "name another folder, or say --force to write beside what is in it")
		}
	}
	return f, nil
}

func makeFolder(path string) (*folder, error) {
	_, err := os.Stat(path)
	f := &folder{path: path, made: errors.Is(err, fs.ErrNotExist)}
	return f, plainPathError(os.MkdirAll(path, 0o777))
}

// list notes the files of a split before, as a list in the folder names them, and
// the list itself.
func (f *folder) list(list string, entries []os.DirEntry) {
	text, err := os.ReadFile(f.file(list))
	if err != nil {
		return
	}
	f.old = append(f.old, list)
	var m split.Manifest
	if json.Unmarshal(text, &m) != nil {
		return // it was cut off, or is not ours
	}
	var temporary []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".tmp") {
			temporary = append(temporary, e.Name())
		}
	}
	for _, name := range append(m.Files(), split.ManifestNames[:]...) {
		if filepath.Base(name) != name || strings.HasPrefix(name, ".") {
			continue // it is not ours
		}
		f.old = append(f.old, name)
		for _, t := range temporary {
			if strings.HasPrefix(t, temporaryPrefix(name)) {
				f.old = append(f.old, t)
			}
		}
	}
}

// Discard removes the folder again if nothing was written to it.
func (f *folder) Discard() {
	if f.made {
		os.Remove(f.path) // which fails if something is in it
	}
}

// Begin removes a split that was there before, and notes what will be written, for
// whoever finds it half done.
func (f *folder) Begin(m *split.Manifest) error {
	if err := f.check(m); err != nil {
		return err
	}
	for _, name := range f.old {
		if err := f.spare(name); err != nil {
			return err
		}
		if err := os.Remove(f.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return writingTo(f.path, err)
		}
	}
	f.share = f.work / int64(max(len(m.Pieces), 1))
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return writingTo(f.path, os.WriteFile(f.file(unfinished), text, 0o666))
}

// End notes that all is written.
func (f *folder) End() error { return plainPathError(os.Remove(f.file(unfinished))) }

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// spare refuses to touch the trace that is read.
func (f *folder) spare(name string) error {
	info, err := os.Stat(f.file(name))
	if err == nil && f.input != nil && os.SameFile(f.input, info) {
		return outputError{hint(fmt.Errorf("%s: is the input", f.file(name)), "name another folder; the input is read until the end")}
	}
	return nil
}

// Create begins a file.
func (f *folder) Create(name string, compress bool) (split.File, error) {
	if err := f.spare(name); err != nil {
		return nil, err
	}
	file, err := createBeside(f.file(name))
	if err != nil {
		return nil, err
	}
	p := &pieceFile{file: file, path: f.file(name)}
	p.Writer = counted{file, p.path, &p.packed}
	if compress {
		p.packer, p.folder = f.packer(p.Writer), f
		p.Writer = p.packer
	}
	return p, nil
}

// packer takes one that idles, or makes one.
func (f *folder) packer(w io.Writer) *gzwrite.Writer {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	n := len(f.idle)
	if n == 0 {
		return gzwrite.NewWriter(w, gzwrite.Options{})
	}
	p := f.idle[n-1]
	f.idle = f.idle[:n-1]
	p.Reset(w)
	return p
}

func (f *folder) giveBack(p *gzwrite.Writer) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.idle = append(f.idle, p)
}

type pieceFile struct {
	io.Writer
	folder *folder
	packer *gzwrite.Writer // nil if the file is not packed
	file   *os.File
	path   string
	packed int64
}

// Close ends the writing.
func (p *pieceFile) Close() error {
	err := p.endPacking((*gzwrite.Writer).Close)
	if e := p.file.Close(); err == nil {
		err = writingTo(p.path, e)
	}
	return err
}

// endPacking ends the packing, by what ends it.
func (p *pieceFile) endPacking(end func(*gzwrite.Writer) error) error {
	if p.packer == nil {
		return nil
	}
	err := end(p.packer)
	p.folder.giveBack(p.packer)
	p.packer = nil
	return err
}

// Commit gives the file its name.
func (p *pieceFile) Commit() (packed int64, err error) {
	if p.folder != nil && p.folder.meter != nil {
		p.folder.meter.Work(p.folder.share)
	}
	return p.packed, writingTo(p.path, os.Rename(p.file.Name(), p.path))
}

// Abort removes the file, whatever became of it before.
func (p *pieceFile) Abort() {
	p.endPacking(func(z *gzwrite.Writer) error { z.Abort(); return nil })
	p.file.Close()
	os.Remove(p.file.Name())
}
