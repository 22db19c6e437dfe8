package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tracekit/internal/spill"
	"tracekit/internal/testkit/far"
)

func newClient(t *testing.T, endpoint string) *Client {
	t.Helper()
	c, err := NewClient(Options{Endpoint: endpoint, Tries: 4, Pause: time.Millisecond, Stall: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// noise is text that does not repeat itself.
func noise(n int) []byte {
	text := make([]byte, n)
	rand.NewChaCha8([32]byte{1}).Read(text)
	return text
}

// streamed reads all of an object.
func streamed(c *Client, name string) ([]byte, error) {
	o, err := c.Open(context.Background(), name)
	if err != nil {
		return nil, err
	}
	defer o.Close()
	s := o.Stream(context.Background())
	defer s.Close()
	return io.ReadAll(s)
}

func ranged(t *testing.T, c *Client, name string) (*Ranged, error) {
	t.Helper()
	o, err := c.Open(context.Background(), name)
	if err != nil {
		return nil, err
	}
	file, err := spill.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r, err := o.Ranged(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, nil
}

func TestStreamsAreWhatTheServerHas(t *testing.T) {
	far.Alone(t)
	for _, size := range []int{0, 1, headSize - 1, headSize, headSize + 1, 700_001} {
		text := noise(size)
		for name, h := range map[string]http.Handler{
			"ranges":           &far.File{Text: text, Tag: `"1"`},
			"ranges, no ETag":  &far.File{Text: text},
			"no ranges":        &far.Stream{File: far.File{Text: text, Tag: `W/"1"`}},
			"nothing is known": &far.Stream{File: far.File{Text: text}, Chunked: true},
		} {
			p := far.NewProxy(t, h)
			got, err := streamed(newClient(t, ""), p.URL+"/trace.json")
			if err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d bytes, %s: %d came: %v", size, name, len(got), err)
			}
			if n, sent := p.Traffic(); n > 2 || sent > int64(size) {
				t.Errorf("%d bytes, %s: %d requests and %d bytes", size, name, n, sent)
			}
		}
	}
}

// Whatever is read in whatever order is as in the file, and nothing is fetched twice.
func TestRangesAreWhatTheServerHas(t *testing.T) {
	far.Alone(t)
	text := noise(3<<20 + 12345)
	p := far.NewProxy(t, &far.File{Text: text, Tag: `"1"`})
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 1))
		p.Break(nil)
		r, err := ranged(t, newClient(t, ""), p.URL+"/x")
		if err != nil {
			t.Fatal(err)
		}
		var readers sync.WaitGroup
		for range 3 {
			offs := make([]int, 40)
			for i := range offs {
				offs[i] = rng.IntN(len(text))
			}
			var stretches []Stretch
			if seed%2 == 0 {
				for _, off := range offs {
					stretches = append(stretches, Stretch{int64(off), int64(off + rng.IntN(200_000))})
				}
			}
			readers.Go(func() {
				r.Foresee(stretches)
				for _, off := range offs {
					b := make([]byte, 1+off%150_000)
					n, err := r.ReadAt(b, int64(off))
					want := text[off:min(off+len(b), len(text))]
					if !bytes.Equal(b[:n], want) || (err == io.EOF) != (n < len(b)) || err != nil && err != io.EOF {
						t.Errorf("seed %d: %d bytes at %d: %v", seed, n, off, err)
					}
				}
			})
		}
		readers.Wait()
		r.Close()
		if n, sent := p.Traffic(); sent > int64(len(text)) || sent != r.Fetched() {
			t.Errorf("seed %d: %d bytes in %d requests of %d, %d counted", seed, sent, n, len(text), r.Fetched())
		}
	}
}

// What is foreseen comes in few requests, several at a time, and not all of it at once.
func TestForesightIsBounded(t *testing.T) {
	far.Alone(t)
	text := make([]byte, 120<<20)
	p := far.NewProxy(t, &far.File{Text: text, Tag: `"1"`})
	r, err := ranged(t, newClient(t, ""), p.URL+"/x")
	if err != nil {
		t.Fatal(err)
	}
	r.Foresee([]Stretch{{0, int64(len(text))}})
	buf := make([]byte, 1<<20)
	for off := 0; off < len(text); off += len(buf) {
		if _, err := r.ReadAt(buf, int64(off)); err != nil {
			t.Fatal(err)
		}
		if ahead := r.Fetched() - int64(off) - int64(len(buf)); ahead > mostForeseen+mostAtOnce {
			t.Fatalf("%d bytes were fetched before they were read", ahead)
		}
	}
	if n, _ := p.Traffic(); n > len(text)/mostAtOnce+2 {
		t.Errorf("%d requests", n)
	}
}

// broken is how a server or the way to it breaks, and what becomes of that.
var broken = []struct {
	name   string
	fault  func(n int, r *http.Request) *far.Fault
	stream string // what the error says; empty if all is read
	ranges string // the same where parts are read
}{
	{"503 at first", func(n int, _ *http.Request) *far.Fault {
		if n%3 < 2 {
			return &far.Fault{Status: 503, Header: http.Header{"Retry-After": {"0.01"}}}
		}
		return nil
	}, "", ""},
	{"429 now and then", func(n int, _ *http.Request) *far.Fault {
		if n%2 == 1 {
			return &far.Fault{Status: 429}
		}
		return nil
	}, "", ""},
	{"503 for good", func(n int, _ *http.Request) *far.Fault { return &far.Fault{Status: 503} },
		"the server is busy or broken: 503 Service Unavailable; tried 4 times", "="},
	{"503 for good, later", later(&far.Fault{Status: 503}),
		"the server is busy or broken: 503 Service Unavailable; tried 4 times", "="},
	{"resets", func(n int, _ *http.Request) *far.Fault { return &far.Fault{Reset: true, After: 150_000} }, "", ""},
	{"truncated bodies", func(n int, _ *http.Request) *far.Fault { return &far.Fault{Cut: true, After: 150_000} }, "", ""},
	{"resets at once", later(&far.Fault{Reset: true}), "; tried 4 times", "="},
	{"truncated at once", later(&far.Fault{Cut: true}), "the connection was closed before the end; tried 4 times", "="},
	{"a stall", func(n int, _ *http.Request) *far.Fault {
		if n == 1 {
			return &far.Fault{Stall: true, After: 100_000}
		}
		return nil
	}, "", ""},
	{"stalls for good", later(&far.Fault{Stall: true}), "nothing came for 300ms; tried 4 times", "="},
	{"404", later(&far.Fault{Status: 404}), "the object is not there any more, or not for who asks: there is no such object: 404 Not Found", "="},
	{"403", later(&far.Fault{Status: 403, Body: "your SECRET"}), "the object is not there any more, or not for who asks: access is denied: 403 Forbidden", "="},
	{"418", later(&far.Fault{Status: 418, Body: "your SECRET"}), "the server says 418 I'm a teapot", "="},
	{"412", later(&far.Fault{Status: 412}), "the object has changed while it was read", "="},
	{"ranges no more", later(&far.Fault{NoRanges: true}), "the server gives other bytes than it was asked for", "="},
	{"other bytes", later(&far.Fault{Status: 206, Header: http.Header{"Content-Range": {"bytes 5-9/900000"}, "Etag": {`"1"`}}, Body: "12345"}),
		"the server gives other bytes than it was asked for", "="},
}

// later is a fault of all requests but the first.
func later(f *far.Fault) func(int, *http.Request) *far.Fault {
	return func(n int, _ *http.Request) *far.Fault {
		if n == 0 {
			return nil
		}
		return f
	}
}

func TestFaults(t *testing.T) {
	far.Alone(t)
	text := noise(900_000)
	for _, c := range broken {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := far.NewProxy(t, &far.File{Text: text, Tag: `"1"`})
			p.Break(c.fault)
			got, err := streamed(newClient(t, ""), p.URL+"/t.json?sig=SECRET")
			judge(t, "stream", c.stream, err, bytes.Equal(got, text))
			if c.ranges == "=" {
				c.ranges = c.stream
			}
			p.Break(c.fault)
			r, err := ranged(t, newClient(t, ""), p.URL+"/t.json?sig=SECRET")
			part := make([]byte, 400_000)
			if err == nil {
				_, err = r.ReadAt(part, 300_000)
			}
			judge(t, "ranges", c.ranges, err, bytes.Equal(part, text[300_000:700_000]))
		})
	}
}

// judge fails unless an error says what it should, no secret is in it, and what came without
// one is right. An error that a decoder takes for damage of the file is none of a connection.
func judge(t *testing.T, what, want string, err error, right bool) {
	t.Helper()
	switch {
	case want == "" && (err != nil || !right):
		t.Errorf("%s: right: %v; %v", what, right, err)
	case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
		t.Errorf("%s: %v, not: %s", what, err, want)
	case err != nil && (strings.Contains(err.Error(), "SECRET") || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)):
		t.Errorf("%s: %v", what, err)
	}
}

// An object that is another one between two requests is refused, with an ETag and without.
func TestChangesAreRefused(t *testing.T) {
	far.Alone(t)
	before, after := noise(900_000), noise(900_001)[1:]
	then := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, states := range map[string][2]http.Handler{
		"ETag":      {&far.File{Text: before, Tag: `"1"`}, &far.File{Text: after, Tag: `"2"`}},
		"weak ETag": {&far.File{Text: before, Tag: `W/"1"`}, &far.File{Text: after, Tag: `W/"2"`}},
		"time":      {&far.File{Text: before, Modified: then}, &far.File{Text: after, Modified: then.Add(time.Second)}},
		"size":      {&far.File{Text: before}, &far.File{Text: noise(900_001)}},
		"shorter":   {&far.File{Text: before}, &far.File{Text: noise(100_000)}},
	} {
		n := 0
		p := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n++
			states[min(n-1, 1)].ServeHTTP(w, r)
		}))
		_, err := streamed(newClient(t, ""), p.URL+"/x")
		if !errors.Is(err, ErrChanged) {
			t.Errorf("%s: a stream ends with: %v", name, err)
		}
		n = 0
		r, err := ranged(t, newClient(t, ""), p.URL+"/x")
		if err == nil {
			_, err = r.ReadAt(make([]byte, 10), 500_000)
		}
		if !errors.Is(err, ErrChanged) {
			t.Errorf("%s: a part ends with: %v", name, err)
		}
	}
}

// A stream without ranges that breaks begins again, if it is still the same that comes.
func TestBrokenStreamsWithoutRanges(t *testing.T) {
	far.Alone(t)
	text := noise(900_000)
	for _, c := range []struct{ tag, then, want string }{
		{`"1"`, `"1"`, ""},
		{`"1"`, `"2"`, "the object has changed while it was read"},
		{"", "", "the connection broke, and the server does not say whether it would go on with the same"},
	} {
		p := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := far.Stream{File: far.File{Text: text, Tag: c.tag}}
			if r.Header.Get("Range") == "" {
				s.Tag = c.then
			}
			s.ServeHTTP(w, r)
		}))
		p.Break(func(n int, _ *http.Request) *far.Fault {
			if n == 0 {
				return &far.Fault{Cut: true, After: 500_000}
			}
			return nil
		})
		got, err := streamed(newClient(t, ""), p.URL+"/x")
		judge(t, c.tag+" then "+c.then, c.want, err, bytes.Equal(got, text))
	}
}

// A redirect is followed, and what is secret stays with the host that it was meant for.
func TestRedirects(t *testing.T) {
	far.Alone(t)
	text := noise(300_000)
	var heard []string
	var mutex sync.Mutex
	hear := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mutex.Lock()
			heard = append(heard, fmt.Sprint(r.URL, r.Header))
			mutex.Unlock()
			next.ServeHTTP(w, r)
		})
	}
	file := &far.File{Text: text, Tag: `"1"`}
	other := far.NewProxy(t, hear(file))
	here := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		switch {
		case user != "me" || password != "SECRET":
			http.Error(w, "who?", http.StatusUnauthorized)
		case r.URL.Path == "/here":
			http.Redirect(w, r, "/file", http.StatusFound)
		case r.URL.Path == "/there":
			http.Redirect(w, r, other.URL+"/file?sig=OTHER", http.StatusTemporaryRedirect)
		case r.URL.Path == "/round":
			http.Redirect(w, r, "/round", http.StatusFound)
		case r.URL.Path == "/nowhere":
			http.Redirect(w, r, "ftp://x/", http.StatusFound)
		default:
			file.ServeHTTP(w, r)
		}
	}))
	for path, want := range map[string]string{
		"/here": "", "/there": "", "/round": "it leads to another address, 10 times", "/nowhere": "it leads to another address that can't be read",
	} {
		name := strings.Replace(here.URL, "://", "://me:SECRET@", 1) + path + "?sig=SECRET"
		got, err := streamed(newClient(t, ""), name)
		judge(t, path, want, err, bytes.Equal(got, text))
	}
	_, err := streamed(newClient(t, ""), here.URL+"/file")
	judge(t, "nobody", "access is denied: 401 Unauthorized", err, false)
	if all := strings.Join(heard, "\n"); len(heard) == 0 || strings.Contains(all, "SECRET") || strings.Contains(all, "Authorization") || strings.Contains(all, "Referer") {
		t.Errorf("another host has heard: %s", all)
	}
	secure := httptest.NewTLSServer(http.RedirectHandler(here.URL+"/file", http.StatusFound))
	defer secure.Close()
	c := newClient(t, "")
	c.http.Transport = secure.Client().Transport
	_, err = streamed(c, secure.URL+"/x")
	judge(t, "https to http", "it leads from https to http", err, false)
	_, err = streamed(newClient(t, ""), secure.URL+"/x")
	judge(t, "unknown certificate", "certificate", err, false)
}

// Where an address has led is asked again, and the address itself once that leads nowhere.
func TestRedirectsAreRemembered(t *testing.T) {
	far.Alone(t)
	text := noise(900_000)
	leads := 0
	p := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch sig := r.URL.Query().Get("sig"); {
		case sig == "":
			leads++
			http.Redirect(w, r, fmt.Sprintf("/x?sig=%d", leads), http.StatusFound)
		case sig != fmt.Sprint(leads) || leads == 1 && strings.HasPrefix(r.Header.Get("Range"), "bytes=524288"):
			http.Error(w, "expired", http.StatusForbidden)
		default:
			(&far.File{Text: text, Tag: `"1"`}).ServeHTTP(w, r)
		}
	}))
	r, err := ranged(t, newClient(t, ""), p.URL+"/x")
	if err != nil {
		t.Fatal(err)
	}
	for _, off := range []int{200_000, 300_000, 524_288, 700_000} {
		b := make([]byte, 1000)
		if _, err := r.ReadAt(b, int64(off)); err != nil || !bytes.Equal(b, text[off:off+1000]) {
			t.Fatal(off, err)
		}
	}
	if leads != 2 {
		t.Errorf("the address was asked %d times, not 2", leads)
	}
}

func TestBuckets(t *testing.T) {
	far.Alone(t)
	s := far.NewS3(t, "traces", "empty")
	s.Know("ID", "SECRET", "")
	text := noise(300_000)
	keys := []string{"run/rank0.json.gz", "run/rank 1+é&=%41.json.gz", "run/deep/rank2.json.gz", "run/notes.txt", "odd?key#.json"}
	for _, key := range keys {
		s.Put(t, "traces", key, text)
	}
	t.Setenv("AWS_ACCESS_KEY_ID", "ID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
	t.Setenv("AWS_REGION", "eu-central-1")
	c := newClient(t, s.URL)
	for _, key := range keys {
		got, err := streamed(c, "s3://traces/"+key)
		judge(t, key, "", err, bytes.Equal(got, text))
	}
	for name, want := range map[string][]string{
		"s3://traces/run/":                  {"rank 1+é&=%41.json.gz", "notes.txt", "rank0.json.gz"},
		"s3://traces/run/rank*.json.gz":     {"rank 1+é&=%41.json.gz", "rank0.json.gz"},
		"s3://traces/*/*/rank?.json.gz":     {"rank2.json.gz"},
		"s3://traces/run/rank[0-9].json.gz": {"rank0.json.gz"},
		"s3://traces":                       {"odd?key#.json"},
		"s3://empty/":                       nil,
	} {
		list, err := c.List(context.Background(), name)
		var got []string
		for _, l := range list {
			got = append(got, Base(l.Name))
			if time.Since(l.Modified).Abs() > time.Hour {
				t.Errorf("%s: of %v", l.Name, l.Modified)
			}
		}
		slices.Sort(got)
		slices.Sort(want)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s lists %q, not %q: %v", name, got, want, err)
		}
	}
	for name, want := range map[string]string{
		"s3://traces/none.json": "there is no such object: 404 NoSuchKey",
		"s3://none/none.json":   "there is no such bucket: 404 NoSuchBucket",
		"s3://traces":           "it names no object",
	} {
		_, err := streamed(c, name)
		judge(t, name, want, err, false)
	}
	if _, err := c.List(context.Background(), "s3://none/"); err == nil || !strings.Contains(err.Error(), "there is no such bucket") {
		t.Errorf("a list of no bucket: %v", err)
	}
}

// A list of many pages is put together, and read again where the server was busy.
func TestLongLists(t *testing.T) {
	far.Alone(t)
	s := far.NewS3(t, "traces")
	for i := range 1203 {
		s.Put(t, "traces", fmt.Sprintf("run/%d.json", i), []byte("x"))
	}
	s.Break(func(n int, _ *http.Request) *far.Fault {
		if n == 1 {
			return &far.Fault{Status: 503, Body: "<Error><Code>SlowDown</Code></Error>"}
		}
		return nil
	})
	list, err := newClient(t, s.URL).List(context.Background(), "s3://traces/run/")
	if n, _ := s.Traffic(); err != nil || len(list) != 1203 || n != 3 {
		t.Errorf("%d objects in %d requests: %v", len(list), n, err)
	}
}

func TestCredentialsComeFromWhereAWSLooks(t *testing.T) {
	text := noise(100_000)
	role := `{"Code":"Success","AccessKeyId":"ROLE","SecretAccessKey":"SECRET","Token":"TOKEN","Expiration":"2099-01-01T00:00:00Z"}`
	metadata := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch token := r.Header.Get("X-Aws-Ec2-Metadata-Token"); {
		case r.Method == http.MethodPut && r.URL.Path == "/latest/api/token" && r.Header.Get("X-Aws-Ec2-Metadata-Token-Ttl-Seconds") != "":
			io.WriteString(w, "SESSION")
		case r.URL.Path == "/container" && r.Header.Get("Authorization") == "BOXES":
			io.WriteString(w, role)
		case r.URL.Path == "/sts":
			if r.ParseForm(); r.Form.Get("WebIdentityToken") != "IDENTITY" || r.Form.Get("RoleArn") != "arn:role" {
				http.Error(w, "no", http.StatusForbidden)
				return
			}
			io.WriteString(w, `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ROLE</AccessKeyId><SecretAccessKey>SECRET</SecretAccessKey><SessionToken>TOKEN</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`)
		case token != "SESSION":
			http.Error(w, "no", http.StatusUnauthorized)
		case r.URL.Path == "/latest/meta-data/iam/security-credentials/":
			io.WriteString(w, "worker\n")
		case r.URL.Path == "/latest/meta-data/iam/security-credentials/worker":
			io.WriteString(w, role)
		default:
			http.NotFound(w, r)
		}
	}))
	files := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(files, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	keys := write("credentials", "# mine\n[default]\naws_access_key_id = FILE\naws_secret_access_key=SECRET\n\n[lab]\naws_access_key_id=LAB\naws_secret_access_key=SECRET\naws_session_token = TOKEN\n[old]\naws_access_key_id=OLD\naws_secret_access_key=SECRET\n")
	config := write("config", "[default]\nregion = eu-west-1\n[profile sso]\nsso_session = x\n[profile lab]\nregion=us-west-2\ns3 =\n  endpoint_url = ignored\n")
	identity := write("identity", "IDENTITY\n")
	inFiles := map[string]string{"AWS_SHARED_CREDENTIALS_FILE": keys, "AWS_CONFIG_FILE": config}
	with := func(more ...string) map[string]string {
		env := map[string]string{}
		for k, v := range inFiles {
			env[k] = v
		}
		for i := 0; i < len(more); i += 2 {
			env[more[i]] = more[i+1]
		}
		return env
	}
	for _, c := range []struct {
		name string
		env  map[string]string
		want string
	}{
		{"environment", with("AWS_ACCESS_KEY_ID", "ENV", "AWS_SECRET_ACCESS_KEY", "SECRET", "AWS_SESSION_TOKEN", "TOKEN"), ""},
		{"default profile", inFiles, ""},
		{"named profile", with("AWS_PROFILE", "lab"), ""},
		{"no such profile", with("AWS_PROFILE", "none"), "there is no profile none in ~/.aws"},
		{"SSO", with("AWS_PROFILE", "sso"), "the profile sso gets its credentials by sso_session, which is not supported"},
		{"instance", map[string]string{"AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": metadata.URL}, ""},
		{"container", map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": metadata.URL + "/container", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "BOXES"}, ""},
		{"container elsewhere", map[string]string{"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.com/"}, "neither https nor on this machine"},
		{"web identity", map[string]string{"AWS_ROLE_ARN": "arn:role", "AWS_WEB_IDENTITY_TOKEN_FILE": identity, "AWS_ENDPOINT_URL_STS": metadata.URL + "/sts"}, ""},
		{"nobody", nil, "access is denied: 403 AccessDenied"},
		{"a stranger", map[string]string{"AWS_ACCESS_KEY_ID": "STRANGER", "AWS_SECRET_ACCESS_KEY": "SECRET"}, "the credentials are not right: 403 InvalidAccessKeyId"},
		{"a wrong key", map[string]string{"AWS_ACCESS_KEY_ID": "ENV", "AWS_SECRET_ACCESS_KEY": "SECRETS"}, "the credentials are not right: 403"},
		{"expired", with("AWS_PROFILE", "old"), "the credentials have expired: 403 ExpiredToken"},
	} {
		t.Run(c.name, func(t *testing.T) {
			far.Alone(t)
			s := far.NewS3(t, "traces")
			s.Put(t, "traces", "x.json", text)
			for id, token := range map[string]string{"ENV": "TOKEN", "FILE": "", "LAB": "TOKEN", "ROLE": "TOKEN", "OLD": ""} {
				s.Know(id, "SECRET", token)
			}
			s.Expire("OLD")
			for name, value := range c.env {
				t.Setenv(name, value)
			}
			got, err := streamed(newClient(t, s.URL), "s3://traces/x.json")
			judge(t, c.name, c.want, err, bytes.Equal(got, text))
			if err != nil {
				for _, secret := range []string{"SECRET", "TOKEN", "SESSION", "BOXES", "IDENTITY"} {
					var e *Error
					if strings.Contains(err.Error(), secret) || errors.As(err, &e) && strings.Contains(e.Hint, secret) {
						t.Errorf("%v: %v holds %s", err, e, secret)
					}
				}
			}
		})
	}
}

// Credentials of a role that expire while an object is read are had again.
func TestRolesAreRenewed(t *testing.T) {
	far.Alone(t)
	s := far.NewS3(t, "traces")
	text := noise(900_000)
	s.Put(t, "traces", "x.json", text)
	given := 0
	metadata := far.NewProxy(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut:
			io.WriteString(w, "SESSION")
		case strings.HasSuffix(r.URL.Path, "/"):
			io.WriteString(w, "worker")
		default:
			given++
			fmt.Fprintf(w, `{"AccessKeyId":"ROLE%d","SecretAccessKey":"SECRET","Token":"T","Expiration":"2099-01-01T00:00:00Z"}`, given)
		}
	}))
	s.Know("ROLE1", "SECRET", "T")
	s.Know("ROLE2", "SECRET", "T")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "")
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.URL)
	r, err := ranged(t, newClient(t, s.URL), "s3://traces/x.json")
	if err != nil {
		t.Fatal(err)
	}
	s.Expire("ROLE1")
	b := make([]byte, 1000)
	if _, err := r.ReadAt(b, 500_000); err != nil || !bytes.Equal(b, text[500_000:501_000]) || given != 2 {
		t.Errorf("after %d roles: %v", given, err)
	}
}

// A bucket that is in another region than was thought is asked there. A signed request goes to
// no other host than it was signed for.
func TestRegions(t *testing.T) {
	far.Alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "ID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
	s := far.NewS3(t, "traces")
	s.Put(t, "traces", "x.json", []byte("[]"))
	s.Break(func(_ int, r *http.Request) *far.Fault {
		if strings.Contains(r.Header.Get("Authorization"), "/eu-west-3/") {
			return nil
		}
		return &far.Fault{Status: 400, Header: http.Header{"X-Amz-Bucket-Region": {"eu-west-3"}}, Body: "<Error><Code>AuthorizationHeaderMalformed</Code></Error>"}
	})
	got, err := streamed(newClient(t, s.URL), "s3://traces/x.json")
	judge(t, "another region", "", err, string(got) == "[]")
	heard := 0
	other := far.NewProxy(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { heard++ }))
	s.Break(func(int, *http.Request) *far.Fault {
		return &far.Fault{Status: 307, Header: http.Header{"Location": {other.URL + "/x.json"}}}
	})
	_, err = streamed(newClient(t, s.URL), "s3://traces/x.json")
	judge(t, "another host", "the bucket is elsewhere: 307", err, false)
	if heard > 0 {
		t.Error("a signed request went to another host")
	}
}

func TestNoServer(t *testing.T) {
	far.Alone(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	for name, want := range map[string]string{
		gone.URL + "/x?sig=SECRET":               "the connection was refused",
		"http://no-such-host.invalid/?k=SECRET":  "no such host: no-such-host.invalid",
		"https://me:SECRET@" + hostOf(gone.URL):  "the connection was refused",
		"http://127.0.0.1:99999999/x?sig=SECRET": "",
	} {
		_, err := streamed(newClient(t, ""), name)
		if err == nil {
			t.Errorf("%s can be read", name)
			continue
		}
		judge(t, name, want+" ", errors.New(err.Error()+" "), false)
	}
	for _, endpoint := range []string{"minio:9000", "ftp://x", "http://me:SECRET@x", "http://x/?k=SECRET", "http://x y"} {
		if _, err := NewClient(Options{Endpoint: endpoint}); err == nil || strings.Contains(err.Error(), "SECRET") {
			t.Errorf("endpoint %s: %v", endpoint, err)
		}
	}
}

func hostOf(at string) string {
	u, err := url.Parse(at)
	if err != nil {
		panic(err)
	}
	return u.Host
}

// What is read ends with its context.
func TestReadingEndsWithItsContext(t *testing.T) {
	far.Alone(t)
	p := far.NewProxy(t, &far.File{Text: noise(900_000), Tag: `"1"`})
	p.Break(later(&far.Fault{Stall: true, After: 10}))
	ctx, cancel := context.WithCancel(context.Background())
	c := newClient(t, "")
	c.o.Stall = time.Hour
	o, err := c.Open(ctx, p.URL+"/x")
	if err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := io.ReadAll(o.Stream(ctx)); !errors.Is(err, context.Canceled) {
		t.Errorf("a stream ends with %v", err)
	}
}
