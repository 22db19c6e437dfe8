package repair

import (
	"bytes"
	"math/big"
	"math/bits"
	"strconv"
	"strings"

	"tracekit/trace"
)

// baseKey is the member of the document that says what to add to times, in ns, for
// those since 1970.
const baseKey = "baseTimeNanoseconds"

// moved is the text of a time with some whole microseconds added to it. The digits
// behind its point stay as they are, unless it is or was negative.
func moved(text []byte, offset int64) []byte {
	whole, rest, point := strings.Cut(string(text), ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err == nil && text[0] != '-' && n+offset >= 0 && !strings.ContainsAny(rest, "eE") {
		out := strconv.AppendInt(nil, n+offset, 10)
		if point {
			out = append(append(out, '.'), rest...)
		}
		return out
	}
	t, good := trace.ParseMicros(text)
	if !good {
		return text
	}
	return trace.AppendMicros(nil, t.Add(trace.Time(offset)*1000))
}

// beforeZero gathers times before zero, in ns, by powers of two.
type beforeZero [64]int64

func (b *beforeZero) add(at int64) {
	k := bits.Len64(uint64(-at)) & 63
	b[k] = min(b[k], at)
}

// shift returns by how many microseconds the times of a trace have to be moved so that
// none is before zero, but for those that are as far from the rest as no clock goes.
func (b *beforeZero) shift(x *trace.Extent) int64 {
	const hour, quarter = 3600e9, 7_889_238e9 // ns
	low := int64(x.Zero)
	for _, at := range b {
		gap := low - at
		if at == 0 || gap > quarter || gap > hour && gap/100 > int64(x.Last)-low {
			continue
		}
		low = at
	}
	if low >= 0 {
		return 0
	}
	return (-low + 999) / 1000
}

// second is how fine a base is chosen, in µs.
const second = 1_000_000

// rebased returns what has to be added to the times of a trace, in µs, so that they are
// short enough to be read without rounding.
func rebased(x *trace.Extent) int64 { return -(int64(x.Zero) / 1000 / second * second) }

// baseAfter is the base of a trace whose base was before, nil if that says nothing, once
// so many microseconds have been added to its times.
func baseAfter(before []byte, offset int64) []byte {
	base := new(big.Int)
	if before != nil {
		f, _, err := big.ParseFloat(string(bytes.Trim(before, `"`)), 10, 256, big.ToNearestEven)
		if err != nil || !f.IsInt() || f.MantExp(nil) > 256 {
			return nil
		}
		f.Int(base)
	} else if offset > 0 {
		return nil // there was no time since 1970, and there is none
	}
	return base.Sub(base, new(big.Int).Mul(big.NewInt(offset), big.NewInt(1000))).Append(nil, 10)
}
