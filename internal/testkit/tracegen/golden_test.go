package tracegen

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGolden: the bytes of a configuration never change unnoticed, so that a
// file made elsewhere or earlier is the same.
func TestGolden(t *testing.T) {
	for name, c := range map[string]Config{
		"gaudi.json":  {Seed: 1, Steps: 2, Warmup: -1, Layers: 1, Hardware: true},
		"cuda.json":   {Seed: 1, Steps: 2, Layers: 1, Producer: CUDA, Hardware: true},
		"sglang.json": {Seed: 1, Steps: 2, Layers: 1, Producer: SGLang, Python: true, Layout: Dump},
		"events.json": {Seed: 1, Steps: 6, Array: true},
	} {
		text, _ := generate(t, c)
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if i := differ(text, string(want)); i >= 0 {
			t.Errorf("%s differs at byte %d: %.120q", name, i, text[max(0, i-60):])
		}
	}
}
