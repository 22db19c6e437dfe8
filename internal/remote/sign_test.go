package remote

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// The examples that AWS gives of signed requests.
// (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html)
func TestSignaturesAreThoseOfAWS(t *testing.T) {
	who := &credentials{id: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
	now := time.Date(2013, 5, 24, 0, 0, 0, 0, time.UTC)
	for _, example := range []struct{ url, span, signature string }{
		{"https://examplebucket.s3.amazonaws.com/test.txt", "bytes=0-9", "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"},
		{"https://examplebucket.s3.amazonaws.com/?lifecycle=", "", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"},
		{"https://examplebucket.s3.amazonaws.com/?max-keys=2&prefix=J", "", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"},
	} {
		r, err := http.NewRequest(http.MethodGet, example.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if example.span != "" {
			r.Header.Set("Range", example.span)
		}
		sign(r, who, "us-east-1", now)
		if _, got, _ := strings.Cut(r.Header.Get("Authorization"), "Signature="); got != example.signature {
			t.Errorf("%s: signed as %s, not %s", example.url, got, example.signature)
		}
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ name, shown, base, beside, refused string }{
		{"s3://bucket/a/b.json.gz", "s3://bucket/a/b.json.gz", "b.json.gz", "s3://bucket/a/b.json.gz.tkx", ""},
		{"s3://bucket/odd?#%20 é.json", "s3://bucket/odd?#%20 é.json", "odd?#%20 é.json", "s3://bucket/odd?#%20 é.json.tkx", ""},
		{"S3://bucket/a", "s3://bucket/a", "a", "S3://bucket/a.tkx", ""},
		{"s3://KEY:SECRET@bucket/a", "s3://bucket/a", "a", "s3://KEY:SECRET@bucket/a.tkx", "an address of a bucket holds no credentials"},
		{"s3:///a", "s3:///a", "a", "s3:///a.tkx", "it names no bucket"},
		{"https://user:SECRET@host/dir/t.json.gz", "https://host/dir/t.json.gz", "t.json.gz", "https://user:SECRET@host/dir/t.json.gz.tkx", ""},
		{"https://host/t%20x.json?sig=SECRET#SECRET", "https://host/t%20x.json?…", "t x.json", "https://host/t%20x.json.tkx?sig=SECRET", ""},
		{"http://host?sig=SECRET", "http://host?…", "host", "http://host.tkx?sig=SECRET", ""},
		{"http://[::1]:8080/x", "http://[::1]:8080/x", "x", "http://[::1]:8080/x.tkx", ""},
		{"http://ho st:SECRET@/x", "http:///x", "x", "http://ho st:SECRET@/x.tkx", "it is no address that can be read: an odd character or port"},
		{"https:///x", "https:///x", "x", "https:///x.tkx", "it names no host"},
		{"big.json.gz", "big.json.gz", "big.json.gz", "big.json.gz.tkx", "-"},
		{"./s3/x", "./s3/x", "./s3/x", "./s3/x.tkx", "-"},
	} {
		if got := Shown(c.name); got != c.shown {
			t.Errorf("%s is shown as %s, not %s", c.name, got, c.shown)
		}
		if got := Base(c.name); got != c.base {
			t.Errorf("%s is called %s, not %s", c.name, got, c.base)
		}
		if got := Beside(c.name, ".tkx"); got != c.beside {
			t.Errorf("%s has beside it %s, not %s", c.name, got, c.beside)
		}
		if Is(c.name) == (c.refused == "-") {
			t.Errorf("%s: is it an address? %v", c.name, Is(c.name))
		}
		if !Is(c.name) {
			continue
		}
		refused := ""
		if _, err := parse(c.name); err != nil {
			refused = err.Error()
		}
		if refused != c.refused {
			t.Errorf("%s: %q, not %q", c.name, refused, c.refused)
		}
	}
}

func TestWhereBucketsAre(t *testing.T) {
	endpoint, err := endpointOf("http://127.0.0.1:9000/minio/", profile{})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		place
		bucket, key, want string
	}{
		{place{nil, "eu-west-1"}, "traces", "a b/c+d=é.json", "https://traces.s3.eu-west-1.amazonaws.com/a%20b/c%2Bd%3D%C3%A9.json"},
		{place{nil, "us-east-1"}, "my.traces", "a//b/../c", "https://s3.us-east-1.amazonaws.com/my.traces/a//b/../c"},
		{place{nil, "cn-north-1"}, "traces", "a", "https://traces.s3.cn-north-1.amazonaws.com.cn/a"},
		{place{endpoint, "auto"}, "traces", "100%.json", "http://127.0.0.1:9000/minio/traces/100%25.json"},
	} {
		if got := c.at(c.bucket, c.key, "").String(); got != c.want {
			t.Errorf("%s of %s is at %s, not %s", c.key, c.bucket, got, c.want)
		}
	}
}
