// Package remote reads files over HTTP and from object stores that speak S3: by ranges where
// the server has them, else as one stream. What it reads is of one state of the object, and
// what is secret in an address or a request appears in no message. [NewClient] begins; [Client.Open]
// returns an Object, which is read as a stream or by ranges. It does not know traces.
package remote

import (
	"errors"
	"net/url"
	"path"
	"strings"
)

// address is where an object is.
type address struct {
	url         *url.URL // over HTTP; nil for S3
	bucket, key string   // of S3
}

// schemes are those of addresses, in lower case.
var schemes = []string{"https://", "http://", bucketScheme}

const bucketScheme = "s3://"

// Is reports whether a name is an address, and not one of a file.
func Is(name string) bool { return schemeOf(name) != "" }

func schemeOf(name string) string {
	for _, s := range schemes {
		if len(name) >= len(s) && strings.EqualFold(name[:len(s)], s) {
			return s
		}
	}
	return ""
}

// IsPrefix reports whether a name is that of all that begins with it in a bucket, as a folder's.
func IsPrefix(name string) bool {
	if schemeOf(name) != bucketScheme {
		return false
	}
	_, key, _ := strings.Cut(name[len(bucketScheme):], "/")
	return key == "" || strings.HasSuffix(key, "/")
}

// IsPattern reports whether a name may match those of several objects in a bucket. Over HTTP
// nothing lists what there is, and a question mark begins a query.
func IsPattern(name string) bool {
	return schemeOf(name) == bucketScheme && strings.ContainsAny(name, "*?[")
}

// Shown is an address without what may be secret in it: who asks, and the query, which may be
// a signature. Other names stay as they are.
func Shown(name string) string {
	scheme := schemeOf(name)
	if scheme == "" {
		return name
	}
	rest, query := name[len(scheme):], ""
	if scheme != bucketScheme {
		if i := strings.IndexAny(rest, "?#"); i >= 0 {
			if rest[i] == '?' {
				query = "?…"
			}
			rest = rest[:i]
		}
	}
	authority, file, _ := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		authority = authority[i+1:]
	}
	if strings.Contains(rest, "/") {
		authority += "/"
	}
	return scheme + authority + file + query
}

// Base is the name of the file at an address, without folders and query. Other names stay as
// they are.
func Base(name string) string {
	scheme := schemeOf(name)
	if scheme == "" {
		return name
	}
	shown := strings.TrimSuffix(Shown(name)[len(scheme):], "?…")
	if scheme != bucketScheme {
		if plain, err := url.PathUnescape(shown); err == nil {
			shown = plain
		}
	}
	return path.Base(shown)
}

// Beside is the address of what is called as the object at name, and suffix behind it.
func Beside(name, suffix string) string {
	if schemeOf(name) == bucketScheme {
		return name + suffix
	}
	file, _, _ := strings.Cut(name, "#")
	file, query, has := strings.Cut(file, "?")
	if has {
		return file + suffix + "?" + query
	}
	return file + suffix
}

var errNoKey = errors.New("it names no object")

func parse(name string) (*address, error) {
	scheme := schemeOf(name)
	rest := name[len(scheme):]
	if scheme == bucketScheme {
		a := &address{}
		a.bucket, a.key, _ = strings.Cut(rest, "/")
		switch {
		case strings.Contains(a.bucket, "@"):
			return nil, errors.New("an address of a bucket holds no credentials")
		case a.bucket == "" || strings.ContainsAny(a.bucket, " ?#%:\\\"'"):
			return nil, errors.New("it names no bucket")
		}
		return a, nil
	}
	u, err := url.Parse(name)
	switch {
	case err != nil:
		return nil, errors.New("it is no address that can be read: an odd character or port") // err would show all of it
	case u.Host == "" || u.Hostname() == "":
		return nil, errors.New("it names no host")
	}
	u.Fragment, u.RawFragment = "", ""
	u.Scheme = strings.TrimSuffix(scheme, "://")
	return &address{url: u}, nil
}
