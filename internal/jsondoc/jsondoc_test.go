package jsondoc

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

type leaf struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
	N     int64   `json:"n,omitempty"`
	Small float32 `json:"small"`
}

type stamp int64

func (s stamp) MarshalJSON() ([]byte, error) { return []byte("12.5"), nil }

type tree struct {
	*leaf
	List  []leaf           `json:"list"`
	None  []string         `json:"none"`
	Empty map[string]int   `json:"empty"`
	By    map[string]*leaf `json:"by"`
	At    stamp            `json:"at"`
	Took  time.Duration    `json:"took,omitempty"`
	Flag  bool             `json:"flag"`
	Any   any              `json:"any"`
	left  int
}

// texts that tell encoders from each other.
var texts = []string{
	"", "plain", "a<b>&c", "q\"b\\s/", "\x00\x01\x1b\x7f", "tab\tline\n", "\u009b\u2028\u2029", "é😀\u202e", "bad\xff\xc3", "\xed\xa0\x80",
}

var numbers = []float64{0, math.Copysign(0, -1), 1, -1.5, 1e20, 1e21, 1e-6, 1e-7, 123456789.123, math.MaxFloat64, math.SmallestNonzeroFloat64, 1 / 3.0}

func random(r *rand.Rand) tree {
	pick := func() leaf {
		f := numbers[r.IntN(len(numbers))]
		return leaf{texts[r.IntN(len(texts))] + texts[r.IntN(len(texts))], f, r.Int64() >> r.IntN(64), float32(min(max(f, -1e30), 1e30))}
	}
	l := pick()
	t := tree{leaf: &l, At: 3, Flag: r.IntN(2) == 0, left: 1, Any: texts[r.IntN(len(texts))]}
	for range r.IntN(4) {
		t.List = append(t.List, pick())
	}
	if r.IntN(2) == 0 {
		t.By = map[string]*leaf{}
		for range r.IntN(5) {
			l := pick()
			t.By[texts[r.IntN(len(texts))]] = &l
		}
	}
	return t
}

func TestBytesOfTheStandardLibrary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		v := random(r)
		var want, got bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		if err := enc.Encode(v); err != nil {
			t.Fatal(err)
		}
		if err := Write(&got, v); err != nil {
			t.Fatal(err)
		}
		plain := strings.NewReplacer("\x7f", `\u007f`, "\u009b", `\u009b`, "\u202e", `\u202e`).Replace(want.String())
		if got.String() != plain {
			t.Fatalf("%s\nencoding/json writes\n%s", got.Bytes(), plain)
		}
	}
}

func TestWhatJSONCannotHold(t *testing.T) {
	if text, err := Marshal(math.NaN()); err == nil {
		t.Errorf("NaN was written as %s", text)
	}
}
