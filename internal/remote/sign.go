package remote

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// nothingSum is the SHA-256 of no bytes, which is what a GET sends.
const nothingSum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// sign signs a GET request to S3 by version 4 of AWS's signatures: its method, path, query,
// host, range and what is called x-amz-….
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html)
func sign(r *http.Request, c *credentials, region string, now time.Time) {
	now = now.UTC()
	day, second := now.Format("20060102"), now.Format("20060102T150405Z")
	r.Header.Set("X-Amz-Date", second)
	r.Header.Set("X-Amz-Content-Sha256", nothingSum)
	if c.token != "" {
		r.Header.Set("X-Amz-Security-Token", c.token)
	}
	names := []string{"host"}
	for name := range r.Header {
		if name = strings.ToLower(name); name == "range" || strings.HasPrefix(name, "x-amz-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var text strings.Builder
	text.WriteString(r.Method + "\n" + r.URL.EscapedPath() + "\n" + r.URL.RawQuery + "\n")
	for _, name := range names {
		value := r.Host
		if name != "host" {
			value = r.Header.Get(name)
		}
		text.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
	}
	signed := strings.Join(names, ";")
	text.WriteString("\n" + signed + "\n" + nothingSum)

	scope := day + "/" + region + "/s3/aws4_request"
	sum := sha256.Sum256([]byte(text.String()))
	key := []byte("AWS4" + c.secret)
	for _, part := range []string{day, region, "s3", "aws4_request"} {
		key = mac(key, part)
	}
	signature := hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+second+"\n"+scope+"\n"+hex.EncodeToString(sum[:])))
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+c.id+"/"+scope+",SignedHeaders="+signed+",Signature="+signature)
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// escape writes a path or a value as S3 signs it: all but letters, digits and -_.~ as %XX, and
// slashes only if they divide a path.
func escape(s string, isPath bool) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-_.~", c) >= 0, isPath && c == '/':
			b.WriteByte(c)
		default:
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

// query writes parameters as they are signed: in order of their names.
func query(values map[string]string) string {
	var parts []string
	for name, value := range values {
		parts = append(parts, escape(name, false)+"="+escape(value, false))
	}
	slices.Sort(parts)
	return strings.Join(parts, "&")
}

// place is where a bucket is asked.
type place struct {
	endpoint *url.URL // of all buckets, which are named in its path; nil for AWS
	region   string
}

// at is the address of a key in a bucket, with a query.
func (p place) at(bucket, key, query string) *url.URL {
	u := &url.URL{Scheme: "https", RawQuery: query}
	file := "/" + key
	switch {
	case p.endpoint != nil:
		u.Scheme, u.Host = p.endpoint.Scheme, p.endpoint.Host
		file = strings.TrimSuffix(p.endpoint.Path, "/") + "/" + bucket + file
	case strings.Contains(bucket, "."): // a certificate holds for one label
		u.Host, file = "s3."+p.region+".amazonaws.com", "/"+bucket+file
	default:
		u.Host = bucket + ".s3." + p.region + ".amazonaws.com"
	}
	if strings.HasPrefix(p.region, "cn-") && p.endpoint == nil {
		u.Host += ".cn"
	}
	u.Path, u.RawPath = file, escape(file, true)
	return u
}
