package remote

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tracekit/internal/testkit/far"
)

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
