package ranks

import (
	"encoding/binary"
	"errors"
)

// columns are numbers one after the other, as varints: JSON takes them as base64.
type columns []byte

func (c *columns) put(values ...int64) {
	for _, v := range values {
		*c = binary.AppendVarint(*c, v)
	}
}

// errColumns says that columns are broken.
var errColumns = errors.New("its numbers are broken")

// numbers reads columns.
type numbers struct {
	rest columns
	bad  bool
}

func (n *numbers) next() int64 {
	v, size := binary.Varint(n.rest)
	if size <= 0 {
		n.bad, n.rest = true, nil
		return 0
	}
	n.rest = n.rest[size:]
	return v
}

// end fails unless all numbers were read, and no more.
func (n *numbers) end() error {
	if n.bad || len(n.rest) > 0 {
		return errColumns
	}
	return nil
}
