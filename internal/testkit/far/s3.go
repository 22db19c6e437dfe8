package far

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// S3 is a server that speaks S3, which answers those alone who sign as somebody that it knows.
type S3 struct {
	*Proxy
	store http.Handler

	mutex   sync.Mutex
	secrets map[string]string // by the ids of keys; nil for everybody
	tokens  map[string]string // of sessions, by the ids of keys
	expired map[string]bool   // ids of keys
}

// NewS3 starts a server of empty buckets.
func NewS3(t testing.TB, buckets ...string) *S3 {
	backend := s3mem.New()
	for _, b := range buckets {
		if err := backend.CreateBucket(b); err != nil {
			t.Fatal(err)
		}
	}
	s := &S3{store: gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server()}
	s.Proxy = NewProxy(t, s)
	return s
}

// Know lets the server answer those who sign with a key, and nobody else but those it was told
// of before. The token is that of a session, if there is one.
func (s *S3) Know(id, secret, token string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.secrets == nil {
		s.secrets, s.tokens, s.expired = map[string]string{}, map[string]string{}, map[string]bool{}
	}
	s.secrets[id], s.tokens[id] = secret, token
}

// Expire lets the server refuse a key as one that has expired.
func (s *S3) Expire(id string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.expired[id] = true
}

// Put keeps an object.
func (s *S3) Put(t testing.TB, bucket, key string, text []byte) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPut, (&url.URL{Scheme: "http", Host: "s3", Path: "/" + bucket + "/" + key}).String(), bytes.NewReader(text))
	r.Header.Set("Content-Length", strconv.Itoa(len(text)))
	w := httptest.NewRecorder()
	s.store.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("put %s/%s: %d %s", bucket, key, w.Code, w.Body)
	}
}

func (s *S3) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if code := s.refuses(r); code != "" {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>you sent %s</Message></Error>", code, r.Header)
		return
	}
	s.store.ServeHTTP(w, r)
}

var authorization = regexp.MustCompile(`^AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([a-z0-9-]+)/s3/aws4_request, ?SignedHeaders=([a-z0-9;-]+), ?Signature=([0-9a-f]{64})$`)

// refuses says why a request is not answered. What is signed is put together from what came
// over the wire, as the server's side has to.
func (s *S3) refuses(r *http.Request) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.secrets == nil {
		return ""
	}
	m := authorization.FindStringSubmatch(r.Header.Get("Authorization"))
	if m == nil {
		return "AccessDenied"
	}
	id, day, region, names, signature := m[1], m[2], m[3], strings.Split(m[4], ";"), m[5]
	secret, known := s.secrets[id]
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	switch {
	case !known:
		return "InvalidAccessKeyId"
	case err != nil || at.Format("20060102") != day || time.Since(at).Abs() > 15*time.Minute:
		return "RequestTimeTooSkewed"
	case s.expired[id]:
		return "ExpiredToken"
	case s.tokens[id] != r.Header.Get("X-Amz-Security-Token"):
		return "InvalidToken"
	case !sort.StringsAreSorted(names) || names[0] != "host":
		return "SignatureDoesNotMatch"
	}
	path, query, _ := strings.Cut(r.RequestURI, "?")
	parts := strings.Split(query, "&")
	sort.Strings(parts)
	canonical := []string{r.Method, path, strings.Join(parts, "&")}
	for _, name := range names {
		value := r.Header.Get(name)
		if name == "host" {
			value = r.Host
		}
		canonical = append(canonical, name+":"+value)
	}
	canonical = append(canonical, "", strings.Join(names, ";"), r.Header.Get("X-Amz-Content-Sha256"))
	scope := strings.Join([]string{day, region, "s3", "aws4_request"}, "/")
	toSign := strings.Join([]string{"AWS4-HMAC-SHA256", r.Header.Get("X-Amz-Date"), scope, fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(canonical, "\n"))))}, "\n")
	key := "AWS4" + secret
	for _, word := range append(strings.Split(scope, "/"), toSign) {
		h := hmac.New(sha256.New, []byte(key))
		h.Write([]byte(word))
		key = string(h.Sum(nil))
	}
	if fmt.Sprintf("%x", key) != signature {
		return "SignatureDoesNotMatch"
	}
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Amz-") && !strings.Contains(m[4], strings.ToLower(name)) {
			return "AccessDenied"
		}
	}
	return ""
}
