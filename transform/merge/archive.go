package merge

import (
	"archive/tar"
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"strings"
	"time"

	"tracekit/internal/jsondoc"
	"tracekit/internal/spill"
	"tracekit/trace"
	"tracekit/transform/window"

	"github.com/klauspost/compress/flate"
)

// Archive takes the members of an archive.
type Archive interface {
	// Add writes a member of so many bytes.
	Add(name string, size int64, r io.ReaderAt) error
	Close() error
}

// manifestName is what Perfetto's page calls a manifest; any name would do.
const manifestName = "perfetto_manifest.json"

// manifest tells Perfetto how the traces of an archive go together
// (docs/reference/perfetto-manifest.md in google/perfetto).
type manifest struct {
	Manifest manifestBody `json:"perfetto_manifest"`
}

type manifestBody struct {
	Version    int               `json:"version"`
	Files      []manifestFile    `json:"files"`
	Attributes map[string]string `json:"attributes,omitempty"`
}

type manifestFile struct {
	Path    string          `json:"path"`
	Machine manifestMachine `json:"machine"`
	Clocks  *manifestClocks `json:"clocks,omitempty"`
}

type manifestMachine struct {
	Name string `json:"name"`
}

type manifestClocks struct {
	SyncTo manifestSync `json:"sync_to"`
	Offset int64        `json:"offset_ns"`
}

type manifestSync struct {
	File string `json:"file"`
}

// WriteArchive puts the traces into an archive, behind a manifest that says which rank each is
// of and how its times go with the others'. Traces of which all is kept stay byte for byte.
func (p *Plan) WriteArchive(ctx context.Context, a Archive) (members int, err error) {
	type cut struct {
		file *file
		name string
		data *spill.File // nil if all is kept
	}
	var cuts []cut
	defer func() {
		for _, c := range cuts {
			if c.data != nil {
				c.data.Close()
			}
		}
	}()
	taken := map[string]bool{manifestName: true}
	for _, f := range p.inOrder() {
		c := cut{file: f}
		if p.Slice != nil || p.Strip != nil {
			c.data, err = p.cutFile(ctx, f)
			if errors.Is(err, window.ErrRange) && len(p.files) > 1 {
				p.note("left out: %v", err)
				continue
			} else if err != nil {
				return 0, err
			}
		}
		c.name = p.memberName(f, c.data != nil, taken)
		cuts = append(cuts, c)
	}
	if len(cuts) == 0 {
		return 0, ErrNothing
	}
	var m manifestBody
	reference := cuts[0]
	for _, c := range cuts {
		if c.file.meanShift() < reference.file.meanShift() {
			reference = c
		}
	}
	for _, c := range cuts {
		entry := manifestFile{Path: c.name, Machine: manifestMachine{c.file.machine()}}
		if c.file != reference.file {
			entry.Clocks = &manifestClocks{manifestSync{reference.name}, int64(c.file.meanShift() - reference.file.meanShift())}
		}
		m.Files = append(m.Files, entry)
		if off := c.file.driftError(); off > 0 {
			p.note("%s: the manifest has no drift: times at its ends are off by %.3f us", c.name, float64(off)/1000)
		}
	}
	m.Version = 1
	if p.Origin != nil {
		m.Attributes = map[string]string{"tracekit.version": p.Origin.Version, "tracekit.call": p.Origin.Call}
	}
	text, err := jsondoc.Compact(manifest{m})
	if err != nil {
		return 0, err
	}
	if err := a.Add(manifestName, int64(len(text)), strings.NewReader(string(text))); err != nil {
		return 0, err
	}
	for _, c := range cuts {
		if err := ctx.Err(); err != nil {
			return members, err
		}
		if c.data != nil {
			err = a.Add(c.name, c.data.Size(), c.data)
		} else {
			err = c.file.Raw(func(r io.ReaderAt, size int64) error { return a.Add(c.name, size, r) })
		}
		if err != nil {
			return members, err
		}
		members++
	}
	return members, a.Close()
}

// cutFile returns what is kept of a file.
func (p *Plan) cutFile(ctx context.Context, f *file) (kept *spill.File, err error) {
	err = p.cut(ctx, f, func(_ *trace.Source, cut *spill.File) error {
		kept, err = p.copy(cut)
		return err
	})
	return kept, err
}

func (p *Plan) copy(from *spill.File) (*spill.File, error) {
	to, err := p.Spill()
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(to, io.NewSectionReader(from, 0, from.Size())); err != nil {
		to.Close()
		return nil, err
	}
	return to, nil
}

// memberName is the name of a file in the archive. Where two files have the same, their ranks
// stand before it.
func (p *Plan) memberName(f *file, cut bool, taken map[string]bool) string {
	name := f.Name
	if cut {
		for _, ending := range []string{".gz", ".zst", ".zip"} {
			name = strings.TrimSuffix(name, ending)
		}
		name += ".gz"
	}
	name = strings.TrimLeft(name, ".") // Perfetto passes over what is hidden
	for n := 2; taken[name]; n++ {
		name = strings.ReplaceAll(f.machine(), " ", "-") + "-" + name
		if taken[name] {
			name = fmt.Sprintf("%d-%s", n, name)
		}
	}
	taken[name] = true
	return name
}

// machine is the name under which Perfetto shows the processes of a file.
func (f *file) machine() string {
	if f.rank == nil {
		return f.Name
	}
	return f.rank.Label
}

// meanShift is what the clock of a file adds at the middle of its times.
func (f *file) meanShift() trace.Time {
	middle := f.extent.Zero + (f.extent.Last-f.extent.Zero)/2
	return f.clock.At(middle) - middle
}

// driftError is how far a time of the file may be off if its clock is only shifted.
func (f *file) driftError() trace.Time {
	if f.clock.Drift == 0 {
		return 0
	}
	return trace.Time(math.Abs(f.clock.Drift) * float64(f.extent.Last-f.extent.Zero) / 2)
}

// tarArchive writes a tar file.
type tarArchive struct{ w *tar.Writer }

// NewTar returns an Archive that is a tar file.
func NewTar(w io.Writer) Archive { return tarArchive{tar.NewWriter(w)} }

func (a tarArchive) Add(name string, size int64, r io.ReaderAt) error {
	// Of long names and sizes Perfetto knows GNU's form.
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatGNU}
	if err := a.w.WriteHeader(h); err != nil {
		return err
	}
	_, err := io.Copy(a.w, io.NewSectionReader(r, 0, size))
	return err
}

func (a tarArchive) Close() error { return a.w.Close() }

// zipArchive writes a zip file. What is packed is stored, with its size and checksum in front:
// Perfetto reads no other form.
type zipArchive struct{ w *zip.Writer }

// NewZip returns an Archive that is a zip file.
func NewZip(w io.Writer) Archive {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestSpeed) })
	return zipArchive{z}
}

// ErrLarge says that a zip file can't hold a trace so that Perfetto reads it.
var ErrLarge = errors.New("a zip archive holds no trace of 4 GB and more")

func (a zipArchive) Add(name string, size int64, r io.ReaderAt) error {
	all := io.NewSectionReader(r, 0, size)
	if !strings.HasSuffix(name, ".gz") && !strings.HasSuffix(name, ".zst") {
		w, err := a.w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err == nil {
			_, err = io.Copy(w, all)
		}
		return err
	}
	if size >= math.MaxUint32 {
		return fmt.Errorf("%s: %w", name, ErrLarge)
	}
	sum := crc32.NewIEEE()
	if _, err := io.Copy(sum, all); err != nil {
		return err
	}
	w, err := a.w.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CRC32: sum.Sum32(), CompressedSize64: uint64(size), UncompressedSize64: uint64(size),
	})
	if err == nil {
		_, err = io.Copy(w, io.NewSectionReader(r, 0, size))
	}
	return err
}

func (a zipArchive) Close() error { return a.w.Close() }
