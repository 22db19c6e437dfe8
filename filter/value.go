package filter

import (
	"bytes"

	"tracekit/internal/jsonlex"
	"tracekit/trace"
)

// plain returns what the inside of a JSON string stands for: raw itself if
// there is no escape in it, else a text in env's room. An escape that JSON does not
// know is left as it is.
func plain(raw []byte, env *Env) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	env.buf, _ = jsonlex.Unescape(env.buf[:0], raw)
	return env.buf
}

// valueText returns what a JSON value stands for as text: the content of a
// string, and the JSON text of anything else.
func valueText(value []byte, env *Env) []byte {
	if len(value) >= 2 && value[0] == '"' {
		return plain(value[1:len(value)-1], env)
	}
	return value
}

// lookup returns the value of the member named key of a JSON object. Where a
// key is written twice, the last one counts.
func lookup(obj []byte, key string, env *Env) (value []byte, ok bool) {
	for m := range trace.Members(obj) {
		if keyIs(m.Key, key, env) {
			value, ok = m.Value, true
		}
	}
	return value, ok
}

func keyIs(raw []byte, key string, env *Env) bool {
	return len(raw) >= len(key) && string(plain(raw, env)) == key
}
