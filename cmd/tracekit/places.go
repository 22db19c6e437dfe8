package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"tracekit/internal/remote"
)

// places are the files that a run has to do with. What it reads is never written
// to, and no two outputs are one file, whatever they are called by.
type places struct {
	mutex     sync.Mutex
	standard  []endpoint // output and error, if they are files
	read      []endpoint
	written   []endpoint
	muted     atomic.Bool                      // standard error is an input
	shown     atomic.Pointer[strings.Replacer] // of addresses in messages; nil if the call has none with secrets
	temporary map[string]bool                  // files and folders to be removed if the run ends at once
}

// endpoint is a file by what it is, not by its name.
type endpoint struct {
	what string      // of the run, such as "the input"
	info fs.FileInfo // nil if nothing is there yet
	dir  fs.FileInfo // with base, where the file is to be; nil if it is known by info alone
	base string
}

// same reports whether two endpoints are one file. Terminals, /dev/null and sockets
// are not: what is written to them does not come back.
func (p endpoint) same(q endpoint) bool {
	if p.info != nil && q.info != nil {
		return p.info.Mode()&(fs.ModeCharDevice|fs.ModeSocket) == 0 && os.SameFile(p.info, q.info)
	}
	return p.dir != nil && q.dir != nil && p.base == q.base && os.SameFile(p.dir, q.dir)
}

// newPlaces knows of the standard streams of a run. A file that is on standard
// input counts as read even where another one is named.
func newPlaces(stdin io.Reader, stdout, stderr io.Writer) *places {
	p := &places{temporary: map[string]bool{}}
	if info := infoOf(stdin); info != nil && info.Mode().IsRegular() {
		p.read = append(p.read, endpoint{what: "standard input", info: info})
	}
	for _, w := range []struct {
		what string
		to   io.Writer
	}{{standardOutput, stdout}, {standardError, stderr}} {
		if info := infoOf(w.to); info != nil {
			p.standard = append(p.standard, endpoint{what: w.what, info: info})
		}
	}
	return p
}

const (
	standardOutput = "standard output"
	standardError  = "standard error"
)

// infoOf is what the system knows of a stream, nil if that is no file.
func infoOf(stream any) fs.FileInfo {
	if f, is := stream.(*os.File); is {
		if info, err := f.Stat(); err == nil {
			return info
		}
	}
	return nil
}

// reads notes an input, and fails if a standard stream writes to it, or if it is to be
// written: some verbs make sure of their outputs before they open all inputs.
func (p *places) reads(what string, info fs.FileInfo) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	in := endpoint{what: what, info: info}
	p.read = append(p.read, in)
	for _, w := range p.written {
		if w.what != standardOutput && w.same(in) {
			return outputError{hint(fmt.Errorf("%s: names %s", w.what, what), "write to another file; the input is read until the end")}
		}
	}
	for _, w := range p.standard {
		if !w.same(in) {
			continue
		}
		if w.what == standardError {
			p.muted.Store(true)
		}
		if info.Mode().IsRegular() && info.Size() == 0 {
			return hint(fmt.Errorf("%s: is %s, which the shell has emptied", w.what, what), "write to another file, with -o FILE")
		}
		return hint(fmt.Errorf("%s: is %s", w.what, what), "write to another file; the input is read until the end")
	}
	return nil
}

// shows notes that standard output is written.
func (p *places) shows() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, w := range p.standard {
		if w.what == standardOutput {
			p.written = append(p.written, w)
		}
	}
}

// writes notes an output, called name by the user and for what it is, and returns
// where it is to be, and what it takes the place of, if anything: path is empty if that
// is no regular file, which is written in place. Nothing is made or changed by that.
func (p *places) writes(what, name string) (path string, is fs.FileInfo, err error) {
	path, w, err := locate(what, name)
	if err == nil {
		err = p.claim(name, w)
	}
	return path, w.info, err
}

// locate finds where an output is to be. It fails if that can't be.
func locate(what, name string) (path string, w endpoint, err error) {
	w.what = what
	if remote.Is(name) {
		return "", w, notWritten(name)
	}
	if w.info, err = os.Stat(name); err != nil {
		w.info = nil
		if !errors.Is(err, fs.ErrNotExist) {
			return "", w, unmade(name, err)
		}
	}
	switch {
	case w.info == nil:
	case w.info.IsDir():
		return "", w, hint(fmt.Errorf("%s: is a directory", name), "name a file in it")
	case !w.info.Mode().IsRegular():
		return "", w, nil
	}
	path = linked(name)
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	if base == "" {
		return "", w, hint(fmt.Errorf("%s: can't be written: it names a folder", name), "name a file in it")
	}
	if w.dir, err = os.Stat(dir); err != nil {
		return "", w, unmade(name, err)
	}
	w.base = base
	if w.info != nil {
		if err := writable(path); err != nil {
			return "", w, unmade(name, err)
		}
	}
	return path, w, nil
}

// notWritten is the error of an output at an address.
func notWritten(name string) error {
	return hint(usage("%s: nothing is written there", remote.Shown(name)), "name a place on this machine")
}

// claim notes that w is written, unless it is read, or written otherwise.
func (p *places) claim(name string, w endpoint) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if err := p.free(name, w); err != nil {
		return err
	}
	p.written = append(p.written, w)
	return nil
}

// spare fails if w is read or written.
func (p *places) spare(name string, w endpoint) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.free(name, w)
}

func (p *places) free(name string, w endpoint) error {
	for _, r := range p.read {
		if r.same(w) {
			return outputError{hint(fmt.Errorf("%s: is %s", name, r.what), "write to another file; the input is read until the end")}
		}
	}
	for _, o := range p.written {
		if o.same(w) {
			return hint(usage("%s: is %s too", name, o.what), "name another file")
		}
	}
	return nil
}

// writable fails if the file path can't be written to.
func writable(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err == nil {
		err = f.Close()
	}
	return err
}

// linked is where the links end that name may be, even if nothing is there.
func linked(name string) string {
	for range 40 {
		to, err := os.Readlink(name)
		if err != nil {
			return name
		}
		if !filepath.IsAbs(to) {
			to = filepath.Join(filepath.Dir(name), to)
		}
		name = to
	}
	return name
}

// unmade says why name can't be made or written, and what to do about it.
func unmade(name string, err error) error {
	err = fmt.Errorf("%s: can't be written: %w", name, withoutPath(err))
	switch {
	case errors.Is(err, fs.ErrNotExist) && !isFile(filepath.Dir(linked(name))):
		return hint(err, "make the folder first: mkdir -p %s", filepath.Dir(linked(name)))
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return hint(err, "name a place that you may write to")
	case errors.Is(err, syscall.ENAMETOOLONG):
		return hint(err, "name it shorter")
	case errors.Is(err, syscall.ENXIO):
		return hint(err, "a socket is not a place to write to; pipe the output into what serves it")
	}
	return hint(err, "name another place")
}

// makeTemporary makes a temporary file in the folder of path, which may be as long
// a name as the system allows.
func (p *places) makeTemporary(path, prefix string) (*os.File, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for try := 0; ; try++ {
		name := filepath.Join(filepath.Dir(path), fmt.Sprintf("%s%d-%d.tmp", prefix, os.Getpid(), try))
		f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			p.temporary[name] = true
			return f, nil
		}
		if !errors.Is(err, fs.ErrExist) || try == 10_000 {
			return nil, err
		}
	}
}

// passing notes a file or folder that is removed unless it is kept, by a rename or by keep.
func (p *places) passing(name string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.temporary[name] = true
}

// keep lets a file or folder stay.
func (p *places) keep(name string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.temporary, name)
}

// rename gives a temporary file its name.
func (p *places) rename(temporary, path string) error {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	delete(p.temporary, temporary)
	err := os.Rename(temporary, path)
	if err != nil {
		os.Remove(temporary)
	}
	return err
}

// remove removes a temporary file that is not renamed.
func (p *places) remove(temporary string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.temporary[temporary] {
		delete(p.temporary, temporary)
		os.Remove(temporary)
	}
}

// abandon removes every temporary file, and lets none be made or renamed any more.
func (p *places) abandon() {
	p.mutex.Lock()                                                                // for good: the process ends
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(p.temporary))) { // a folder behind what is in it
		os.Remove(name)
	}
}

// hide keeps what is secret in addresses among the words of a call out of messages, whoever
// repeats such a word there.
func (p *places) hide(args []string) {
	var pairs []string
	for _, arg := range args {
		if i := strings.Index(arg, "://"); i > 0 {
			arg = arg[strings.LastIndexByte(arg[:i], '=')+1:] // --flag=address
		}
		if shown := remote.Shown(arg); shown != arg {
			pairs = append(pairs, arg, shown)
		}
	}
	if pairs != nil {
		p.shown.Store(strings.NewReplacer(pairs...))
	}
}

// messages is standard error, unless that is an input.
func (p *places) messages(stderr io.Writer) io.Writer { return unlessInput{p, stderr} }

type unlessInput struct {
	*places
	to io.Writer
}

func (w unlessInput) Write(b []byte) (int, error) {
	if w.muted.Load() {
		return len(b), nil
	}
	if shown := w.shown.Load(); shown != nil {
		if _, err := shown.WriteString(w.to, string(b)); err != nil {
			return 0, err
		}
		return len(b), nil
	}
	return w.to.Write(b)
}
