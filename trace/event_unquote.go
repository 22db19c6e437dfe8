package trace

import (
	"bytes"
	"encoding/json"
)

// Unquote returns what a JSON string says; other JSON text as it stands.
func Unquote(v []byte) string {
	if len(v) < 2 || v[0] != '"' {
		return string(v)
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return string(v[1 : len(v)-1])
	}
	var s string
	if json.Unmarshal(v, &s) != nil {
		return string(v[1 : len(v)-1])
	}
	return s
}
