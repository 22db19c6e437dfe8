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
	// Add writes a member: what write writes, the same each time that Add calls it.
	Add(name string, write func(w io.Writer) error) error
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
// of and how its times go with the others'. Members are text that is not compressed itself: Perfetto
// gives a machine and a clock to no other (src/trace_processor/forwarding_trace_parser.cc). Of
// traces of which all is kept, it is the text of the input, byte for byte.
func (p *Plan) WriteArchive(ctx context.Context, a Archive) (members int, err error) {
	var cuts []*cut
	defer func() {
		for _, c := range cuts {
			if c.data != nil {
				c.data.Close()
			}
		}
	}()
	taken := map[string]bool{manifestName: true}
	for _, f := range p.inOrder() {
		c := &cut{file: f}
		if p.Slice != nil || p.Strip != nil {
			c.data, err = p.cutFile(ctx, f)
			if errors.Is(err, window.ErrRange) && len(p.files) > 1 {
				p.addNote("left out: %v", err)
				continue
			} else if err != nil {
				return 0, err
			}
		}
		c.name = memberName(f, taken)
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
	p.nameFirst(reference, cuts)
	for _, c := range cuts {
		entry := manifestFile{Path: c.name, Machine: manifestMachine{c.file.machine()}}
		if c.file != reference.file {
			entry.Clocks = &manifestClocks{manifestSync{reference.name}, int64(c.file.meanShift() - reference.file.meanShift())}
		}
		m.Files = append(m.Files, entry)
		if off := c.file.driftError(); off > 0 {
			p.addNote("%s: the manifest has no drift: times at its ends are off by %.3f us", c.name, float64(off)/1000)
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
	if err := a.Add(manifestName, func(w io.Writer) error { _, err := w.Write(text); return err }); err != nil {
		return 0, err
	}
	for _, c := range cuts {
		if err := ctx.Err(); err != nil {
			return members, err
		}
		from := reading(func(use func(*trace.Source) error) error { return c.file.With(false, use) })
		if c.data != nil {
			from = openOf(c.data)
		}
		if err := a.Add(c.name, from.text); err != nil {
			return members, err
		}
		members++
	}
	return members, a.Close()
}

// cut is what an archive holds of a file.
type cut struct {
	file *file
	name string
	data *spill.File // nil if all is kept
}

// nameFirst has the name of the reference come first, if events would be lost else: Perfetto orders
// members by their names (ArchiveEntry in src/trace_processor/importers/archive/archive_entry.cc), shows
// all on the clock of the first, and drops what stands before the zero of that.
func (p *Plan) nameFirst(reference *cut, cuts []*cut) {
	first, earliest := reference, trace.MaxTime
	for _, c := range cuts {
		if c.name < first.name {
			first = c
		}
		if !c.file.timing.ShowsNothing() {
			earliest = min(earliest, c.file.extent.Zero+c.file.meanShift())
		}
	}
	if earliest >= first.file.meanShift() {
		return
	}
	was := reference.name
	for _, prefix := range []string{"0-", "!-", " "} {
		if reference.name = prefix + was; reference.name < first.name {
			break
		}
	}
	p.addNote("%s is called %s in the archive: Perfetto drops what is before the zero of the clock of the first by name", was, reference.name)
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

// text writes the decompressed text of a trace, as far as it can be decompressed: Learn has counted
// what can't.
func (r reading) text(w io.Writer) error {
	return r(func(s *trace.Source) error {
		text, err := s.Text()
		if err != nil {
			return err
		}
		defer text.Close()
		if _, err = io.Copy(w, text); errors.Is(err, trace.ErrDecode) {
			return nil
		}
		return err
	})
}

// memberName is the name of a file in the archive, without the ending of a compression. Where two
// files have the same, their ranks stand before it.
func memberName(f *file, taken map[string]bool) string {
	name := f.Name
	for _, ending := range []string{".gz", ".zst", ".zip"} {
		name = strings.TrimSuffix(name, ending)
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

func (a tarArchive) Add(name string, write func(w io.Writer) error) error {
	var size counter
	if err := write(&size); err != nil {
		return err
	}
	// Of long names and sizes Perfetto knows GNU's form.
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(size), Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatGNU}
	if err := a.w.WriteHeader(h); err != nil {
		return err
	}
	return write(a.w)
}

// counter counts what is written, in bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func (a tarArchive) Close() error { return a.w.Close() }

// zipArchive writes a zip file, with the size and checksum of each member in front of it: Perfetto
// reads no other form. So a member is compressed into a temporary file first.
type zipArchive struct {
	w    *zip.Writer
	temp func() (*spill.File, error)
}

// NewZip returns an Archive that is a zip file. temp makes a temporary file.
func NewZip(w io.Writer, temp func() (*spill.File, error)) Archive {
	return zipArchive{zip.NewWriter(w), temp}
}

// ErrLarge says that a zip file can't hold a trace so that Perfetto reads it.
var ErrLarge = errors.New("a zip archive holds no trace of 4 GB and more")

func (a zipArchive) Add(name string, write func(w io.Writer) error) error {
	file, err := a.temp()
	if err != nil {
		return err
	}
	defer file.Close()
	var size counter
	sum := crc32.NewIEEE()
	z, err := flate.NewWriter(file, flate.BestSpeed)
	if err != nil {
		return err
	}
	if err := errors.Join(write(io.MultiWriter(&size, sum, z)), z.Close()); err != nil {
		return err
	}
	if size >= math.MaxUint32 || file.Size() >= math.MaxUint32 {
		return fmt.Errorf("%s: %w", name, ErrLarge)
	}
	w, err := a.w.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Deflate, CRC32: sum.Sum32(), CompressedSize64: uint64(file.Size()), UncompressedSize64: uint64(size),
	})
	if err == nil {
		_, err = io.Copy(w, io.NewSectionReader(file, 0, file.Size()))
	}
	return err
}

func (a zipArchive) Close() error { return a.w.Close() }
