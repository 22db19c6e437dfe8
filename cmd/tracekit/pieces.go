package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"tracekit/transform/split"
)

// splitFolder is where the pieces of a split go. A split that is there already goes
// when the new one is whole, if it may, and nothing else does.
type splitFolder struct {
	*folder
	check func(*split.Manifest) error // of the plan, before anything is written
	whole func() error                // says whether what was read is one trace, at the end
	old   map[string]bool             // files of the split before, as it left them
	stale []string                    // temporary files of a run that was killed
	kept  []string                    // files of the split before that were changed since
}

// openSplitFolder makes the folder, or takes one that has nothing in it but what an
// interrupted split has left. What else is in one is refused unless force is set.
func openSplitFolder(std streams, path string, force bool) (*splitFolder, error) {
	dir, err := openFolder(std, path)
	if err != nil {
		return nil, err
	}
	f := &splitFolder{folder: dir, old: map[string]bool{}}
	empty, err := f.inspect(force)
	if err == nil && !empty && !force {
		err = hint(fmt.Errorf("%s: is not empty", path), "name another folder, or say --force to write beside what is in it")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// inspect tells what is in the folder, and whether that is nothing but what an interrupted
// split has left there: its manifest, which is the last of its files, is missing. Where
// something else is there, and is to stay, it looks no further.
func (f *splitFolder) inspect(force bool) (empty bool, err error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return false, plainPathError(err)
	}
	empty = true
	var noted []string
	for _, e := range entries {
		_, is := f.record.sums[e.Name()]
		switch {
		case e.Name() == recordName:
		case isTemporary.MatchString(e.Name()) && e.Type().IsRegular():
			f.stale = append(f.stale, e.Name())
		case is && e.Name() != split.ManifestNames[0]:
			noted = append(noted, e.Name())
		default:
			empty = false
			if is {
				noted = append(noted, e.Name())
			}
		}
	}
	if !empty && !force {
		return false, nil
	}
	for _, name := range noted {
		if f.record.unchanged(f.path, name) {
			f.old[name] = true
		} else {
			f.kept, empty = append(f.kept, name), false
		}
	}
	return empty, nil
}

// Begin refuses a plan that can't be carried out. Nothing is written or removed
// before that.
func (f *splitFolder) Begin(m *split.Manifest) error {
	if err := f.check(m); err != nil {
		return err
	}
	names := append(m.Files(), split.ManifestNames[:]...)
	for _, name := range names {
		if _, err := os.Lstat(f.file(name)); err == nil && !f.old[name] {
			return outputError{hint(fmt.Errorf("%s: was not made by a split, or was changed since", f.file(name)), "move it away, or name another folder")}
		}
	}
	for name := range f.old {
		info, err := os.Lstat(f.file(name))
		if err == nil {
			err = f.places.spare(f.file(name), endpoint{info: info})
		}
		if err != nil {
			return err
		}
	}
	return f.Claim(names)
}

// End puts the new split in the place of the one before: the list of its files
// first, and its manifest last, so that whoever finds it half done knows it.
func (f *splitFolder) End() error {
	if err := f.whole(); err != nil {
		return err
	}
	slices.SortStableFunc(f.files, func(a, b written) int { return rank(a.name) - rank(b.name) })
	files := slices.Clone(f.files)
	f.places.keep(f.record.file.Name())
	if err := f.record.add(files); err != nil {
		return writingTo(f.path, err)
	}
	isNew := map[string]bool{}
	for _, w := range files {
		isNew[w.name] = true
	}
	// The manifest of the old one goes first, since without it what is there counts as
	// half done.
	gone := append([]string{split.ManifestNames[0]}, f.stale...)
	for name := range f.old {
		if !isNew[name] {
			gone = append(gone, name)
		}
	}
	for _, name := range gone {
		if err := os.Remove(f.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return writingTo(f.path, err)
		}
	}
	if err := f.Commit(); err != nil {
		return err
	}
	return writingTo(f.path, f.record.set(files))
}

// rank orders files of a split: pieces, the table, the manifest.
func rank(name string) int {
	return slices.Index([]string{split.ManifestNames[1], split.ManifestNames[0]}, name) + 1
}
