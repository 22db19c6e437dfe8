package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Object is a file that is far away, in one state: what is read of another one is an error.
type Object struct {
	Size     int64     // bytes, negative if it is not known
	Tag      string    // which state it is of: its ETag or time; empty if the server says nothing
	Modified time.Time // zero if it is not known
	Ranges   bool      // it can be read from anywhere

	client  *Client
	address *address
	head    []byte                  // its first bytes, as far as they are known
	whole   *http.Response          // all of it, if it has no ranges, until somebody reads it
	begun   int64                   // how many bytes were read of that
	target  atomic.Pointer[url.URL] // where its address led
	fetched atomic.Int64
}

// headSize is how much is asked for first, in bytes. An index looks at as much to know a file.
const headSize = 64 << 10

// Open looks for the object at an address. What it needs later is read until ctx ends.
func (c *Client) Open(ctx context.Context, name string) (*Object, error) {
	a, err := parse(name)
	if err == nil && a.url == nil && a.key == "" {
		err = errNoKey
	}
	if err != nil {
		return nil, &Error{What: err.Error(), Hint: "such as https://host/trace.json.gz or s3://bucket/trace.json.gz"}
	}
	o := &Object{Size: -1, client: c, address: a}
	t := tries{Client: c}
	for {
		if err = o.probe(ctx); err == nil {
			return o, nil
		}
		if err = t.after(ctx, err); err != nil {
			return nil, err
		}
	}
}

// probe asks for the first bytes, and learns from the answer what there is to know.
func (o *Object) probe(ctx context.Context) error {
	a := &asking{address: o.address, span: fmt.Sprintf("bytes=0-%d", headSize-1)}
	r, err := o.client.send(ctx, a)
	if err != nil {
		return err
	}
	o.target.Store(a.target)
	o.Tag = tagOf(r)
	o.Modified, _ = http.ParseTime(r.Header.Get("Last-Modified"))
	switch r.StatusCode {
	case http.StatusOK:
		o.Size, o.whole = r.ContentLength, r
		return nil
	case http.StatusRequestedRangeNotSatisfiable:
		r.Body.Close()
		if _, _, size, ok := contentRange(r); !ok || size != 0 {
			return &Error{What: "the server gives no first bytes: 416"}
		}
		o.Size = 0
		return nil
	}
	defer r.Body.Close()
	from, to, size, ok := contentRange(r)
	if !ok || from != 0 || size >= 0 && to != min(size, headSize) {
		return &Error{What: "the server gives other bytes than it was asked for"}
	}
	if size < 0 { // a server that does not know where the object ends
		return o.restart(ctx)
	}
	head, err := io.ReadAll(io.LimitReader(counted{r.Body, &o.fetched}, to))
	if err != nil {
		return err
	}
	if int64(len(head)) < to {
		return &transient{cause: &Error{What: "the server sends less than it says"}}
	}
	o.Size, o.Ranges, o.head = size, true, head
	return nil
}

// restart asks for all of an object without ranges.
func (o *Object) restart(ctx context.Context) error {
	a := &asking{address: o.address, target: o.target.Load()}
	r, err := o.client.send(ctx, a)
	if err != nil {
		return err
	}
	switch {
	case r.StatusCode != http.StatusOK:
		err = &Error{What: fmt.Sprintf("the server says %d", r.StatusCode)}
	case o.Tag != "" && tagOf(r) != o.Tag || o.Size >= 0 && r.ContentLength >= 0 && r.ContentLength != o.Size:
		err = changed()
	}
	if err != nil {
		r.Body.Close()
		return err
	}
	o.Tag, o.Size, o.whole, o.begun = tagOf(r), r.ContentLength, r, 0
	return nil
}

// tagOf says which state of an object an answer is of.
func tagOf(r *http.Response) string {
	if tag := r.Header.Get("ETag"); tag != "" {
		return tag
	}
	if at := r.Header.Get("Last-Modified"); at != "" {
		return "modified " + at
	}
	return ""
}

// contentRange reads where the bytes of an answer stand, and of how many in all, negative if
// that is not said. from and to are -1 where there are none.
func contentRange(r *http.Response) (from, to, size int64, ok bool) {
	text, is := strings.CutPrefix(r.Header.Get("Content-Range"), "bytes ")
	span, all, cut := strings.Cut(text, "/")
	if !is || !cut {
		return 0, 0, 0, false
	}
	if size = -1; all != "*" {
		if size, ok = number(all); !ok {
			return 0, 0, 0, false
		}
	}
	if span == "*" {
		return -1, -1, size, true
	}
	first, last, cut := strings.Cut(span, "-")
	from, ok = number(first)
	to, okay := number(last)
	return from, to + 1, size, cut && ok && okay && from <= to && (size < 0 || to < size)
}

func number(s string) (n int64, ok bool) {
	if s == "" || len(s) > 18 {
		return 0, false
	}
	for _, c := range s {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int64(c-'0')
	}
	return n, true
}

// Head returns the first bytes of the object, which are no more to be fetched then.
func (o *Object) Head() ([]byte, error) {
	if o.whole == nil || o.begun > 0 {
		return o.head, nil
	}
	head := make([]byte, headSize)
	n, err := io.ReadFull(counted{o.whole.Body, &o.fetched}, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return nil, err
	}
	o.head, o.begun = head[:n], int64(n)
	return o.head, nil
}

// Fetched is how many bytes have come of the object.
func (o *Object) Fetched() int64 { return o.fetched.Load() }

// part opens the bytes of an object with ranges from one place to another.
func (o *Object) part(ctx context.Context, from, to int64) (io.ReadCloser, error) {
	a := &asking{address: o.address, span: fmt.Sprintf("bytes=%d-%d", from, to-1), tag: o.Tag, target: o.target.Load()}
	r, err := o.client.once(ctx, a)
	if err != nil {
		if errors.Is(err, ErrMissing) {
			err = gone(err)
		}
		return nil, err
	}
	o.target.Store(a.target)
	first, last, size, ok := contentRange(r)
	switch {
	case tagOf(r) != o.Tag, r.StatusCode == http.StatusRequestedRangeNotSatisfiable, ok && size >= 0 && size != o.Size:
		err = changed()
	case r.StatusCode != http.StatusPartialContent || !ok || first != from || last != to:
		err = &Error{What: "the server gives other bytes than it was asked for"}
	}
	if err != nil {
		r.Body.Close()
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{counted{r.Body, &o.fetched}, r.Body}, nil
}

// gone is what the error of a missing object means when some of it was read.
func gone(err error) error {
	var e *Error
	if errors.As(err, &e) {
		return &Error{What: "the object is not there any more, or not for who asks: " + e.What, Hint: e.Hint}
	}
	return err
}

// counted counts what is read.
type counted struct {
	io.Reader
	n *atomic.Int64
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n.Add(int64(n))
	return n, err
}
