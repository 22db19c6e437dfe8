package steps

import (
	"bytes"
	"math"
	"strings"

	"tracekit/filter/producer"
)

// field is a number, or a few, that a marker's name can tell.
type field uint8

const (
	skip field = iota
	mode
	keys
	number
	requests
	tokens
	context
	promptRequests
	promptTokens
	promptContext
	decodeRequests
	decodeTokens
	decodeContext
	bucketBatch
	longest
	allFields
)

// values are what a name told, Unknown where it did not.
type values struct {
	of    [allFields]int64
	phase Phase
}

// match reads a name that has the form f, and reports false for any other.
func (f *form) match(name []byte, v *values) bool {
	for i := range v.of {
		v.of[i] = Unknown
	}
	v.phase = f.phase
	return f.pattern.Match(name, func(field string, text []byte) {
		switch f := fields[field]; f {
		case mode:
			word := strings.ToUpper(string(text))
			if v.phase = modes[word]; word == producer.Idle {
				v.of[requests] = 0
			}
		case keys:
			v.readKeys(text)
		default:
			v.of[f], _ = leadingNumber(text)
		}
	})
}

// matchRow finds the row of the table that a name belongs to.
func matchRow(name []byte, v *values) (at uint8, ok bool) {
	if len(name) == 0 || !begins[name[0]] {
		return 0, false
	}
	for r := range table {
		for f := range table[r].forms {
			if table[r].forms[f].match(name, v) {
				return uint8(r), true
			}
		}
	}
	return 0, false
}

// readKeys reads words such as bs=117/128 or ctx=[7803, 6918].
func (v *values) readKeys(text []byte) {
	for len(text) > 0 {
		key, rest, ok := bytes.Cut(text, []byte("="))
		if !ok {
			return
		}
		key = key[bytes.LastIndexByte(key, ' ')+1:]
		n := valueLength(rest)
		if f, known := keyFields[string(key)]; known {
			v.set(f, rest[:n])
		}
		text = rest[n:]
	}
}

// valueLength is the length of a value up to the space behind it. Brackets
// hold spaces together.
func valueLength(text []byte) int {
	depth := 0
	for i, c := range text {
		switch {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case c == ' ' && depth <= 0:
			return i
		}
	}
	return len(text)
}

func (v *values) set(f field, value []byte) {
	if len(value) > 0 && value[0] == '[' {
		v.setList(f, value)
		return
	}
	n, size := leadingNumber(value)
	if size == 0 {
		return
	}
	v.of[f] = n
	if f == requests && size < len(value) && value[size] == '/' {
		v.of[bucketBatch], _ = leadingNumber(value[size+1:])
	}
	if f == context {
		v.of[longest] = Unknown
	}
}

// setList sums up a list. One that its writer has cut short tells nothing.
func (v *values) setList(f field, list []byte) {
	if list[len(list)-1] != ']' {
		return
	}
	sum, most := int64(0), int64(Unknown)
	for item := range bytes.SplitSeq(list[1:len(list)-1], []byte(",")) {
		item = bytes.TrimSpace(item)
		n, size := leadingNumber(item)
		if size == 0 || size != len(item) || sum > math.MaxInt64-max(n, 0) {
			return
		}
		sum, most = sum+max(n, 0), max(most, n)
	}
	if v.of[f] = sum; f == context {
		v.of[longest] = most
	}
}

// leadingNumber reads decimal digits and tells how many there were. A number
// that does not fit is Unknown.
func leadingNumber(text []byte) (n int64, size int) {
	for size < len(text) && text[size]-'0' <= 9 {
		if n > (math.MaxInt64-9)/10 || n < 0 {
			n = Unknown
		} else {
			n = n*10 + int64(text[size]-'0')
		}
		size++
	}
	if size == 0 {
		return Unknown, 0
	}
	return n, size
}

// count is n as a Load has it.
func count(n int64) int32 {
	if n < 0 || n > math.MaxInt32 {
		return Unknown
	}
	return int32(n)
}

var nothingKnown = Load{
	Requests: Unknown, Tokens: Unknown,
	PromptRequests: Unknown, PromptTokens: Unknown, DecodeRequests: Unknown, DecodeTokens: Unknown,
	Bucket: Bucket{Unknown, Unknown, Unknown},
	SeqLen: Unknown, CtxLen: Unknown,
}

// load tells what follows from the values: counts of one phase are those of
// the whole batch, and the whole is the sum of its parts.
func (v *values) load() Load {
	of := &v.of
	if of[promptRequests] < 0 && of[decodeRequests] < 0 {
		switch v.phase {
		case Prefill:
			of[promptRequests], of[decodeRequests] = of[requests], 0
		case Decode:
			of[promptRequests], of[decodeRequests] = 0, of[requests]
		}
	}
	split(&of[requests], &of[promptRequests], &of[decodeRequests])
	phase := v.phase
	if p, d := of[promptRequests], of[decodeRequests]; p >= 0 && d >= 0 {
		phase = phaseOf(p, d)
		if p == 0 {
			of[promptTokens], of[promptContext] = 0, 0
		}
		if d == 0 {
			of[decodeTokens], of[decodeContext] = 0, 0
		}
	}
	split(&of[tokens], &of[promptTokens], &of[decodeTokens])
	split(&of[context], &of[promptContext], &of[decodeContext])
	l := nothingKnown
	l.Phase = phase
	l.Requests, l.Tokens = count(of[requests]), count(of[tokens])
	l.PromptRequests, l.PromptTokens = count(of[promptRequests]), count(of[promptTokens])
	l.DecodeRequests, l.DecodeTokens = count(of[decodeRequests]), count(of[decodeTokens])
	l.Bucket.Batch = count(of[bucketBatch])
	l.SeqLen, l.CtxLen = count(of[longest]), count(of[context])
	return l
}

// split fills in that one of a whole and its two parts that follows from the
// other two.
func split(whole, a, b *int64) {
	switch {
	case *whole < 0 && *a >= 0 && *b >= 0 && *a <= math.MaxInt64-*b:
		*whole = *a + *b
	case *whole >= 0 && *a < 0 && *b >= 0 && *whole >= *b:
		*a = *whole - *b
	case *whole >= 0 && *a >= 0 && *b < 0 && *whole >= *a:
		*b = *whole - *a
	}
}

func phaseOf(prompts, decodes int64) Phase {
	switch {
	case prompts > 0 && decodes > 0:
		return Mixed
	case prompts > 0:
		return Prefill
	case decodes > 0:
		return Decode
	}
	return Other
}
