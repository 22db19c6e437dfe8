package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sync"

	"tracekit/internal/gzip/gzwrite"
	"tracekit/internal/remote"
	"tracekit/internal/term"
	"tracekit/trace"
	"tracekit/transform/split"

	"github.com/klauspost/compress/zstd"
)

// folder is where files go that belong together: all of them appear, or none does.
// One run at a time writes into it.
type folder struct {
	places *places
	path   string
	made   []string // folders that were not there, the outermost first
	record *record
	files  []written
	meter  *term.Meter  // is told of files that are done; nil if it need not know
	work   int64        // what all of them are worth to it
	share  int64        // what each is
	format trace.Format // of pieces
	idle   []packer
	mutex  sync.Mutex // over files and idle
}

// written is a file that is whole, and waits for its name.
type written struct{ temporary, name, sum string }

// openFolder makes the folder, unless it is there, and keeps others from writing
// into it until it is closed.
func openFolder(std streams, path string) (f *folder, err error) {
	if path == "-" {
		return nil, hint(usage("it takes a folder for many files"), "standard output is one; for a folder of that name, ./-")
	}
	if remote.Is(path) {
		return nil, notWritten(path)
	}
	f = &folder{places: std.places, path: path}
	if err := f.make(path); err != nil {
		f.Close()
		return nil, unmade(path, err)
	}
	if f.record, err = openRecord(f.file(recordName)); err != nil {
		f.Close()
		return nil, unmade(path, err)
	}
	if f.record == nil {
		f.Close()
		return nil, outputError{hint(fmt.Errorf("%s: another tracekit is writing into it", path), "wait for that, or name another folder")}
	}
	if f.record.empty {
		f.places.passing(f.record.file.Name())
	}
	return f, nil
}

// make makes the folder and those around it, and remembers which.
func (f *folder) make(path string) error {
	var missing []string
	for at := path; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) || at == filepath.Dir(at) {
			break
		}
		missing = append(missing, at)
	}
	slices.Reverse(missing)
	for _, at := range missing {
		if err := os.Mkdir(at, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		} else if err == nil {
			f.made = append(f.made, at)
			f.places.passing(at)
		}
	}
	return os.MkdirAll(path, 0o777) // says so if it is a file
}

// makeFolder makes a folder, unless it is there, for outputs that do not belong together.
func makeFolder(std streams, path string) error {
	if remote.Is(path) {
		return notWritten(path)
	}
	f := &folder{places: std.places, path: path}
	err := f.make(path)
	for _, made := range f.made {
		f.places.keep(made)
	}
	if err != nil {
		return unmade(path, err)
	}
	return nil
}

func (f *folder) file(name string) string { return filepath.Join(f.path, name) }

// Claim says which files will be written. It fails if one of them is read, and
// changes nothing.
func (f *folder) Claim(names []string) error {
	for _, name := range names {
		path, w, err := locate("", f.file(name))
		if err == nil {
			err = f.places.spare(f.file(name), w)
		}
		if err != nil {
			return err
		}
		if path != f.file(name) {
			return outputError{hint(fmt.Errorf("%s: is there, and no regular file", f.file(name)), "move it away, or name another folder")}
		}
	}
	f.share = f.work / int64(max(len(names), 1))
	return nil
}

// Create begins a file.
func (f *folder) Create(name string, piece bool) (split.File, error) {
	file, err := f.places.makeTemporary(f.file(name), temporaryInFolder)
	if err != nil {
		return nil, writingTo(f.file(name), err)
	}
	p := &pieceFile{folder: f, file: file, name: name, sum: sha256.New()}
	p.Writer = io.MultiWriter(counted{file, f.file(name), &p.packed}, p.sum)
	if piece && f.format != trace.Plain {
		if p.packer, err = f.packer(p.Writer); err != nil {
			p.Abort()
			return nil, err
		}
		p.Writer = p.packer
	}
	return p, nil
}

// temporaryInFolder begins the names of temporary files in a folder.
const temporaryInFolder = ".tracekit-"

var isTemporary = regexp.MustCompile(`^\.tracekit-[0-9]+-[0-9]+\.tmp$`)

// Commit gives the files their names, the last ones last.
func (f *folder) Commit() error {
	for _, w := range f.files {
		if err := f.places.rename(w.temporary, f.file(w.name)); err != nil {
			return writingTo(f.file(w.name), err)
		}
	}
	for _, made := range f.made {
		f.places.keep(made)
	}
	f.files, f.made = nil, nil
	return nil
}

// Close leaves nothing behind but files that have their names.
func (f *folder) Close() {
	for _, w := range f.files {
		f.places.remove(w.temporary)
	}
	if f.record != nil {
		f.record.close()
		f.places.keep(f.record.file.Name())
	}
	for _, made := range slices.Backward(f.made) {
		f.places.remove(made) // which fails if something is in it
	}
}

// packer packs one file after the other.
type packer interface {
	io.WriteCloser
	Reset(w io.Writer)
}

// packer takes one that idles, or makes one.
func (f *folder) packer(w io.Writer) (packer, error) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	n := len(f.idle)
	switch {
	case n > 0:
	case f.format == trace.Zstd:
		return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	default:
		return gzwrite.NewWriter(w, gzwrite.Options{}), nil
	}
	p := f.idle[n-1]
	f.idle = f.idle[:n-1]
	p.Reset(w)
	return p, nil
}

func (f *folder) giveBack(p packer) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.idle = append(f.idle, p)
}

type pieceFile struct {
	io.Writer
	folder *folder
	packer packer // nil if the file is not packed
	file   *os.File
	name   string
	sum    hash.Hash // of what is in the file
	packed int64
}

// Trace returns what writes a trace to p.
func (p *pieceFile) Trace() *trace.Writer {
	if z, is := p.packer.(*gzwrite.Writer); is {
		return trace.NewPackedWriter(z)
	}
	return trace.NewWriter(p)
}

// Close ends the writing.
func (p *pieceFile) Close() error {
	err := p.endPacking(packer.Close)
	if e := p.file.Close(); err == nil {
		err = writingTo(p.folder.file(p.name), e)
	}
	return err
}

// endPacking ends the packing, by what ends it.
func (p *pieceFile) endPacking(end func(packer) error) error {
	if p.packer == nil {
		return nil
	}
	err := end(p.packer)
	p.folder.giveBack(p.packer)
	p.packer = nil
	return err
}

// Commit lets the folder give the file its name, when all of them are whole.
func (p *pieceFile) Commit() (packed int64, err error) {
	f := p.folder
	if f.meter != nil {
		f.meter.Work(f.share)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	f.files = append(f.files, written{p.file.Name(), p.name, fmt.Sprintf("%x", p.sum.Sum(nil))})
	return p.packed, nil
}

// Abort removes the file, whatever became of it before.
func (p *pieceFile) Abort() {
	p.endPacking(func(z packer) error {
		if z, is := z.(*gzwrite.Writer); is {
			z.Abort()
			return nil
		}
		return z.Close()
	})
	p.file.Close()
	p.folder.places.remove(p.file.Name())
}
