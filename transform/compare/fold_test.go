package compare

import (
	"testing"

	"tracekit/internal/testkit/cmptest"
)

func TestNamesAreFolded(t *testing.T) {
	for name, want := range map[string]string{
		"gemm":                            "gemm",
		"void gemm<128, 64>(float*, int)": "void gemm<…>(…)",
		"at::native::(anonymous namespace)::f(int)": "at::native::(…)::f(…)",
		"f<g<1>, h(2)>::operator()(int) const":      "f<…>::operator(…)(…) const",
		"a.py(12): forward":                         "a.py: forward",
		"<built-in method get of dict at 0x7f>":     "<built-in method get of dict at 0x…>",
		"a < b":                                     "a < b",
		"(1)":                                       "(1)",
		"":                                          "",
	} {
		if got := fold(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

// Names are folded only where the exact ones have no counterpart.
func TestNamesAreMatched(t *testing.T) {
	set := func(names ...string) map[string]bool {
		s := map[string]bool{}
		for _, n := range names {
			s[n] = true
		}
		return s
	}
	got := match(set("gemm<1>", "gemm<2>", "copy", "a.py(1): f", "old<1>"), set("gemm<2>", "gemm<3>", "copy", "a.py(4): f", "new"))
	cmptest.Same(t, "names", map[string]string{
		"gemm<1>": "gemm<…>", "gemm<2>": "gemm<2>", "gemm<3>": "gemm<…>", "copy": "copy",
		"a.py(1): f": "a.py: f", "a.py(4): f": "a.py: f", "old<1>": "old<1>", "new": "new",
	}, got)
}
