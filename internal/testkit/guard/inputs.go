package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/gzip"

	"tracekit/internal/testkit/tracegen"
)

// input is a trace, or what is taken for one.
type input struct {
	name  string // as lines under meant/ have it, such as cases/broken/x.json
	class string
	plain string // path of the file as text; empty if it can't be unpacked, or is no text
	gz    string // path of the file in gzip
	path  string // whichever of them is as the file was found
	size  int64  // of the plain text, or of the file
}

// sources are where inputs lie, by class.
var sources = []struct{ class, glob string }{
	{"recorded", "testdata/*.json.gz"},
	{"perfetto-cases", "testdata/perfetto-cases/*"},
	{"cases", "testdata/cases/*"},
	{"cases/broken", "testdata/cases/broken/*"},
	{"shared", "../shared/traces/*.gz"},
}

// made are the generated inputs.
var made = []struct {
	name   string
	config tracegen.Config
}{
	{"gaudi.json", tracegen.Config{Producer: tracegen.Gaudi, TargetBytes: 300_000}},
	{"gaudi-full.json.gz", tracegen.Config{Producer: tracegen.Gaudi, TargetBytes: 3_000_000, Hardware: true, Python: true}},
	{"gaudi-events.json", tracegen.Config{Producer: tracegen.Gaudi, TargetBytes: 100_000, Array: true}},
	{"cuda.json.gz", tracegen.Config{Producer: tracegen.CUDA, TargetBytes: 900_000, Hardware: true}},
	{"cuda-epoch.json", tracegen.Config{Producer: tracegen.CUDA, Layout: tracegen.Kineto, TargetBytes: 200_000, Hardware: true, Epoch: true}},
	{"cuda-odd.json", tracegen.Config{Producer: tracegen.CUDA, TargetBytes: 700_000, Hardware: true, Python: true,
		Odd: tracegen.Odd{BeginEnd: true, Async: true, ThreadStates: true, BindFlows: true, Emoji: true}}},
	{"sglang.json", tracegen.Config{Producer: tracegen.SGLang, Layout: tracegen.Indent2, TargetBytes: 400_000, Hardware: true, Python: true}},
	{"sglang-damaged.json", tracegen.Config{Producer: tracegen.SGLang, Layout: tracegen.Dump, TargetBytes: 200_000, Hardware: true,
		Odd: tracegen.Odd{NaN: true, Truncate: true, Emoji: true, Async: true}}},
}

// otherName is what the trace is called that compare compares each input with.
const otherName = "other.json"

// writeOther writes that trace, and returns its path.
func writeOther(dir string) (string, error) {
	var b bytes.Buffer
	if _, err := tracegen.Generate(&b, tracegen.Config{Producer: tracegen.Gaudi, TargetBytes: 300_000, Hardware: true, Python: true, Seed: 30}); err != nil {
		return "", err
	}
	path := filepath.Join(dir, otherName)
	return path, os.WriteFile(path, b.Bytes(), 0o666)
}

// inputs brings those that were asked for into a folder, packed and plain.
func (c *config) inputs(dir string) (all []input, err error) {
	add := func(class, name string, text []byte) error {
		in, err := prepare(filepath.Join(dir, "inputs", fmt.Sprint(len(all))), class, name, text)
		all = append(all, in)
		return err
	}
	for _, s := range sources {
		paths, err := filepath.Glob(filepath.Join(c.root, s.glob))
		if err != nil {
			return nil, err
		}
		for _, path := range paths {
			name := s.class + "/" + filepath.Base(path)
			if info, err := os.Stat(path); err != nil || info.IsDir() || filepath.Ext(path) == ".md" || !like(c.input, name) {
				continue
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return nil, err
			}
			if err := add(s.class, name, text); err != nil {
				return nil, err
			}
		}
	}
	for i, m := range made {
		if !like(c.input, "generated/"+m.name) {
			continue
		}
		var b bytes.Buffer
		m.config.Seed = uint64(i + 1)
		if _, err := tracegen.Generate(&b, m.config); err != nil {
			return nil, fmt.Errorf("%s: %w", m.name, err)
		}
		text := b.Bytes()
		if strings.HasSuffix(m.name, ".gz") {
			text = pack(text)
		}
		if err := add("generated", "generated/"+m.name, text); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no input is like %q", c.input)
	}
	return all, nil
}

// prepare writes a file into a folder of its own, and as its other form if there is one.
func prepare(dir, class, name string, text []byte) (in input, err error) {
	in = input{name: name, class: class, size: int64(len(text))}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return in, err
	}
	base := filepath.Base(name)
	put := func(base string, text []byte) string {
		path := filepath.Join(dir, base)
		if err == nil {
			err = os.WriteFile(path, text, 0o666)
		}
		return path
	}
	in.path = put(base, text)
	switch filepath.Ext(base) {
	case ".gz":
		in.gz = in.path
		if plain, err := unpack(text); err == nil {
			in.plain = put(strings.TrimSuffix(base, ".gz"), plain)
			in.size = int64(len(plain))
		}
	case ".json", ".txt":
		in.plain = in.path
		in.gz = put(base+".gz", pack(text))
	}
	return in, err
}

func pack(text []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(text) // neither fails on a buffer
	z.Close()
	return b.Bytes()
}

func unpack(packed []byte) ([]byte, error) {
	z, err := gzip.NewReader(bufio.NewReader(bytes.NewReader(packed)))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(z)
}
