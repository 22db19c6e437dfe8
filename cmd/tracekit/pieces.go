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
	old   []string                    // files of the split before, as it left them
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
	f := &splitFolder{folder: dir}
	others, err := f.look()
	if err == nil && !force && (others || f.isWhole()) {
		err = hint(fmt.Errorf("%s: is not empty", path), "name another folder, or say --force to write beside what is in it")
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// look tells what is in the folder, and whether there is anything that no split has
// left there.
func (f *splitFolder) look() (others bool, err error) {
	entries, err := os.ReadDir(f.path)
	if err != nil {
		return false, plainPathError(err)
	}
	for _, e := range entries {
		_, noted := f.record.sums[e.Name()]
		switch {
		case e.Name() == recordName:
		case isTemporary.MatchString(e.Name()) && e.Type().IsRegular():
			f.stale = append(f.stale, e.Name())
		case noted && f.record.unchanged(f.path, e.Name()):
			f.old = append(f.old, e.Name())
		case noted:
			f.kept = append(f.kept, e.Name())
			others = true
		default:
			others = true
		}
	}
	return others, nil
}

// isWhole reports whether a split ended that the folder knows of: its manifest is
// the last of its files.
func (f *splitFolder) isWhole() bool { return slices.Contains(f.old, split.ManifestNames[0]) }

// Begin refuses a plan that can't be carried out. Nothing is written or removed
// before that.
func (f *splitFolder) Begin(m *split.Manifest) error {
	if err := f.check(m); err != nil {
		return err
	}
	names := append(m.Files(), split.ManifestNames[:]...)
	for _, name := range names {
		if _, err := os.Lstat(f.file(name)); err == nil && !slices.Contains(f.old, name) {
			return outputError{hint(fmt.Errorf("%s: was not made by a split, or was changed since", f.file(name)), "move it away, or name another folder")}
		}
	}
	for _, name := range f.old {
		info, err := os.Lstat(f.file(name))
		if err == nil {
			err = f.places.spare(f.file(name), info)
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
	slices.SortStableFunc(f.old, func(a, b string) int { return rank(b) - rank(a) })
	for _, name := range slices.Concat(f.old, f.stale) {
		if isNew[name] && name != split.ManifestNames[0] {
			continue
		}
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
