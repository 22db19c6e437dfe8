package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"tracekit/internal/testkit/far"

	"github.com/urfave/cli/v2"
)

// A part of a large trace costs few requests and hardly more bytes than it has.
func TestFarPartsCostLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("makes tens of megabytes")
	}
	far.Alone(t)
	text := made(t, 40_000_000)
	for _, c := range []struct {
		name, verb string
		most       float64 // percent of the file
	}{
		{"t.json", "slice --from 40% --to 42%", 4},
		{"t.json.gz", "slice --from 40% --to 42%", 16}, // of 3 MB packed, the first and last bytes and the index are 5%
		{"t.json", "slice --step 40", 14},              // in each part of the file that has one kind of events
		{"t.json.gz", "slice --step 40", 50},
		{"t.json", "slice --phase mixed:1", 40},
		{"t.json", "report --json --from 40% --to 42%", 4},
		{"t.json.gz", "report --json --from 40% --to 42%", 16},
		{"t.json", "report --json --step 40", 14},
		{"t.json", "report --json --request r30", 60},
		{"t.json", "slice --request r30 --boundary drop", 60},
	} {
		packed := packedBy(t, text, c.name)
		file, web := indexed(t, c.name, packed)
		near := called("", append(strings.Fields(c.verb), "-q", file)...)
		p := called("", append(strings.Fields(c.verb), web.URL+"/ranges/"+c.name)...)
		if p.status != exitDone || p.out != near.out {
			t.Errorf("%s of %s: status %d, %d bytes, not %d: %s", c.verb, c.name, p.status, len(p.out), len(near.out), p.err)
		}
		n, came := web.Traffic()
		if share := 100 * float64(came) / float64(len(packed)); n > 40 || share > c.most {
			t.Errorf("%s of %s: %d requests and %.1f%% of %d bytes", c.verb, c.name, n, share, len(packed))
		}
		if !strings.Contains(p.err, "fetched ") || !strings.Contains(p.err, " of ") {
			t.Errorf("%s says: %s", c.verb, p.err)
		}
	}
}

// What open hands over at once is what slice makes, of as few bytes; the page, which shows all of the trace, fetches
// it once, and each piece what slice does.
func TestFarOpenCostsLittle(t *testing.T) {
	if testing.Short() {
		t.Skip("makes tens of megabytes")
	}
	far.Alone(t)
	packed := packedBy(t, made(t, 40_000_000), "t.json.gz")
	_, web := indexed(t, "t.json.gz", packed)
	address := web.URL + "/ranges/t.json.gz"
	var least int64
	for _, which := range []string{"--from 40% --to 42%", "--request r30", "--step 40"} {
		bounds := strings.Fields(which)
		web.Break(nil)
		p := called("", append(append([]string{"slice", "-z", "gzip"}, bounds...), address)...)
		_, least = web.Traffic()
		web.Break(nil)
		o := opening(t, nil, append(append([]string{"--perfetto"}, bounds...), address)...)
		if piece := o.cut("{}"); piece != p.out || p.status != exitDone {
			t.Errorf("%s hands over %d bytes, not %d: %s", which, len(piece), len(p.out), p.err)
		}
		if _, came := web.Traffic(); came > least {
			t.Errorf("%s fetches %d bytes, and slice %d", which, came, least)
		}
		o.end()
	}
	web.Break(nil)
	o := opening(t, nil, "--step", "40", address)
	var page struct {
		Zero  string
		Asked struct{ S, D int64 }
	}
	o.data(&page)
	var zero int64
	fmt.Sscan(page.Zero, &zero)
	o.cut(fmt.Sprintf(`{"from":"%d","to":"%d"}`, zero+page.Asked.S, zero+page.Asked.S+page.Asked.D))
	if _, came := web.Traffic(); page.Asked.D == 0 || came > int64(len(packed))+least {
		t.Errorf("the page and a piece of %d ns fetch %d bytes of %d, and the piece alone %d", page.Asked.D, came, len(packed), least)
	}
	o.end()
}

// secretAddress is that of a path of a server with all that may be secret in one.
func secretAddress(web *far.Proxy, path string) string {
	return strings.Replace(web.URL, "://", "://me:SECRET@", 1) + path + "?X-Amz-Signature=SECRET&token=SECRET#SECRET"
}

// Whatever breaks while something is made, nothing is left of it, and the error says why.
func TestFarFaultsLeaveNothing(t *testing.T) {
	far.Alone(t)
	packed := packedBy(t, made(t, 2_000_000), "t.json.gz")
	soon := http.Header{"Retry-After": {"0.001"}}
	after := func(n int, f *far.Fault) func(int, *http.Request) *far.Fault {
		return func(k int, r *http.Request) *far.Fault {
			if k < n || strings.HasSuffix(r.URL.Path, indexSuffix) {
				return nil
			}
			return f
		}
	}
	changed := http.Header{"Etag": {`"other"`}, "Content-Range": {"bytes 65536-65537/70000"}}
	for _, c := range []struct {
		name  string
		fault func(int, *http.Request) *far.Fault
		want  string
	}{
		{"busy", after(0, &far.Fault{Status: 503, Header: soon}), "/t.json.gz?…: the server is busy or broken: 503 Service Unavailable; tried 6 times"},
		{"limited in the midst", after(1, &far.Fault{Status: 429, Header: soon}), "the server is busy or broken: 429 Too Many Requests; tried 6 times"},
		{"gone in the midst", after(1, &far.Fault{Status: 404}), "the object is not there any more"},
		{"no right in the midst", after(1, &far.Fault{Status: 403, Body: "SECRET"}), "access is denied: 403 Forbidden"},
		{"another object", after(1, &far.Fault{Status: 206, Header: changed, Body: "xx"}), "the object has changed while it was read"},
		{"missing", after(0, &far.Fault{Status: 404}), "/t.json.gz?…: there is no such object: 404 Not Found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			web := far.NewProxy(t, shelf{"t.json.gz": packed})
			for _, verb := range []string{"slice --from 10% --to 90% -o OUT/x.json.gz", "split --by size --size 300kB -o OUT/pieces", "strip --python -o OUT/x.json", "repair -o OUT/x.json", "index -o OUT/x.tkx", "merge -o OUT/x.json"} {
				out := t.TempDir()
				web.Break(c.fault)
				p := called("", append(strings.Fields(strings.ReplaceAll(verb, "OUT", out)), secretAddress(web, "/ranges/t.json.gz"))...)
				if p.status != exitFailed || !strings.Contains(p.err, c.want) || strings.Contains(p.out+p.err, "SECRET") || strings.Count(p.err, "tracekit: ") != 1 {
					t.Errorf("%s: status %d: %s", verb, p.status, p.err)
				}
				if left := filesUnder(t, out); len(left) > 0 {
					t.Errorf("%s: left %d files", verb, len(left))
				}
			}
		})
	}
}

// Nothing that is secret in an address, or that signs a request, is in anything that is said or
// written.
func TestFarSecretsAreKept(t *testing.T) {
	far.Alone(t)
	t.Setenv("AWS_ACCESS_KEY_ID", "ID")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
	t.Setenv("AWS_SESSION_TOKEN", "SECRET")
	bucket := far.NewS3(t, "traces")
	bucket.Know("OTHER", "x", "")
	for _, name := range []string{"t.json.gz"} {
		web := far.NewProxy(t, shelf{name: packedBy(t, made(t, 60_000), name), "rank1.json": made(t, 30_000), "bad.json": []byte("<html>"), "requests.csv": []byte("id,start,end\na,1ms,2ms\n")})
		for _, kind := range []string{"/ranges/", "/stream/"} {
			at := secretAddress(web, kind+name)
			out := t.TempDir()
			for _, verb := range append(slices.Clone(verbsFromFar),
				"report --html OUT/r.html FILE", "report --csv OUT/csv FILE", "compare --html OUT/c.html FILE FILE2", "slice --requests REQUESTS --request a FILE",
				"slice FILE FILE2", "slice --from 1ms --index FILE2 FILE", "slice --from 1ms -o FILE FILE", "split --by step -o FILE FILE", "info --html FILE FILE",
				"index FILE", "merge --align FILE2 -o OUT/y.json FILE FILE2", "filter FILE FILE2", "filter FILE", "check BAD", "info BAD", "slice --part 1/2 BAD", "merge -o OUT/z.json BAD FILE",
				"info s3://traces/x.json", "info s3://KEY:SECRET@traces/x.json", "info --s3-endpoint http://me:SECRET@x s3://traces/x", "info --expect FILE FILE2", "index -o OUT/ FILE FILE2",
				"slice --from 1ms -o OUT/ --resume FILE FILE2", "open --no-browser --save-index FILE", "info --offline FILE", "report --partial OUT/p.json FILE", "slice --from 1ms --summary OUT/sum.json -o OUT/s.json FILE") {
				call := strings.NewReplacer("FILE2", secretAddress(web, kind+"rank1.json"), "FILE", at, "OUT", out, "BAD", secretAddress(web, kind+"bad.json"), "REQUESTS", secretAddress(web, kind+"requests.csv")).Replace(verb)
				if !strings.Contains(call, "s3-endpoint") {
					call += " --s3-endpoint " + bucket.URL
				}
				if p := called("", strings.Fields(call)...); strings.Contains(p.out+p.err, "SECRET") {
					t.Errorf("%s says SECRET: %s%s", verb, p.out[:min(len(p.out), 2000)], p.err)
				}
			}
			for file, text := range filesUnder(t, out) {
				if strings.Contains(file+text, "SECRET") {
					t.Errorf("%s holds SECRET", file)
				}
			}
		}
	}
}

// With --offline no verb makes a request, whatever names an address.
func TestOffline(t *testing.T) {
	far.Alone(t)
	text := made(t, 50_000)
	web := far.NewProxy(t, shelf{"t.json": text})
	near := filepath.Join(t.TempDir(), "t.json")
	if err := os.WriteFile(near, text, 0o666); err != nil {
		t.Fatal(err)
	}
	at := web.URL + "/ranges/t.json"
	verbs := 0
	for _, v := range docsApp().Commands {
		if !readsTraces(v) {
			continue
		}
		verbs++
		args := []string{v.Name, "--offline", at}
		switch {
		case v.Name == "slice":
			args = append(args, "--from", "1ms")
		case v.Name == "strip":
			args = append(args, "--python")
		case v.Name == "filter":
			args = append(args, "--name", "x")
		case v.Name == "downsample":
			args = append(args, "--merge", "1us")
		case v.Name == "split":
			args = append(args, "--by", "step", "-o", filepath.Join(t.TempDir(), "x"))
		case v.Name == "merge", v.Name == "index":
			args = append(args, "-o", filepath.Join(t.TempDir(), "x.json"))
		case v.Name == "compare":
			args = append(args, near)
		}
		if p := called("", args...); p.status != exitFailed || !strings.Contains(p.err, at+": is not read: --offline forbids it") {
			t.Errorf("%s: status %d: %s", v.Name, p.status, p.err)
		}
	}
	for _, more := range [][]string{
		{"slice", "--from", "1ms", "--index", at, near}, {"slice", "--request", "a", "--requests", at, near}, {"info", "s3://traces/"},
		{"merge", "--align", at, "-o", filepath.Join(t.TempDir(), "y.json"), near, near}, {"info", "--expect", at, near, near}, {"info", at, near},
	} {
		if p := called("", append(more, "--offline")...); p.status != exitFailed || !strings.Contains(p.err, "--offline forbids it") && !strings.Contains(p.err, "inputs failed") {
			t.Errorf("%v: status %d: %s", more, p.status, p.err)
		}
	}
	if n, _ := web.Traffic(); n > 0 || verbs < 13 {
		t.Errorf("%d verbs made %d requests", verbs, n)
	}
	for _, v := range docsApp().Commands {
		has := slices.ContainsFunc(v.Flags, func(f cli.Flag) bool { return f.Names()[0] == "index" })
		if has != slices.Contains(indexVerbs, v.Name) {
			t.Errorf("%s: --index: %v", v.Name, has)
		}
	}
}

// A prefix and a pattern of a bucket stand for their objects, as a folder and a pattern do.
func TestFarFolders(t *testing.T) {
	far.Alone(t)
	bucket := far.NewS3(t, "traces")
	near := filepath.Join(t.TempDir(), "run")
	if err := os.Mkdir(near, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, i := range []int{0, 2, 10, 11} {
		name := fmt.Sprintf("rank%d.json", i)
		text := made(t, int64(20_000+1000*i))
		bucket.Put(t, "traces", "run/"+name, text)
		if err := os.WriteFile(filepath.Join(near, name), text, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	bucket.Put(t, "traces", "run/deep/rank99.json", []byte("[]"))
	bucket.Put(t, "traces", "run/notes.txt", []byte("no trace"))
	t.Setenv("AWS_ENDPOINT_URL_S3", bucket.URL)
	for _, verb := range []string{"info DIR/", "info --json DIR/rank1*.json", "report --json DIR/", "check DIR/rank?.json", "merge -o OUT/all.json DIR/", "compare --json DIR/ DIR/rank0.json", "slice --part 1/2 -o OUT/ DIR/", "report --shard 1/3 --json DIR/"} {
		var got [2]string
		for i, dir := range []string{near, "s3://traces/run"} {
			out := t.TempDir()
			p := called("", strings.Fields(strings.NewReplacer("DIR", dir, "OUT", out).Replace(verb))...)
			if p.status == exitUsage || p.status == exitFailed && !strings.HasPrefix(verb, "check") {
				t.Errorf("%s: status %d: %s", verb, p.status, p.err)
			}
			got[i] = strings.ReplaceAll(fmt.Sprint(p.status, p.out, filesUnder(t, out)), dir, "")
		}
		if got[0] != got[1] {
			t.Errorf("%s: %d bytes, not %d", verb, len(got[1]), len(got[0]))
		}
	}
	out := t.TempDir()
	for round, want := range []int{4, 0} {
		bucket.Break(nil)
		time.Sleep(10 * time.Millisecond)
		if p := called("", "slice", "--part", "1/2", "--resume", "-o", out, "s3://traces/run/"); p.status != exitDone || strings.Count(p.err, "is there") != 4-want {
			t.Errorf("round %d: status %d: %s", round, p.status, p.err)
		}
		if n, _ := bucket.Traffic(); want == 0 && n != 1 {
			t.Errorf("%d requests to find that there is nothing to do", n)
		}
	}
	for verb, want := range map[string]string{
		"info s3://traces/none/":                                             "s3://traces/none/: no trace is there",
		"info s3://traces/none*.json":                                        "s3://traces/none*.json: no object has such a name",
		"slice --part 1/2 s3://traces/run":                                   "s3://traces/run: there is no such object: 404 NoSuchKey",
		"strip --python -o s3://traces/x.json.gz s3://traces/run/rank0.json": "s3://traces/x.json.gz: nothing is written there",
		"strip --python -o s3://traces/out/ s3://traces/run/":                "s3://traces/out/: nothing is written there",
	} {
		if p := called("", strings.Fields(verb)...); p.status == exitDone || !strings.Contains(p.err, want) {
			t.Errorf("%s: status %d: %s", verb, p.status, p.err)
		}
	}
}

// What open cuts of a trace that is far away is what verbs cut; with an index, before all is
// read, and by the ranges that it takes. No cut reads another address.
func TestOpenFromFar(t *testing.T) {
	far.Alone(t)
	path := openTrace(t, t.TempDir(), "t.json.gz")
	packed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Base(path)
	web := far.NewProxy(t, shelf{name: packed})
	want := joined(t, nil, []string{"strip", "-q", "--python", "-z", "gzip", path})
	for _, kind := range []string{"/ranges/", "/stream/", "/chunked/"} {
		o := opening(t, nil, "-q", secretAddress(web, kind+name))
		var page struct {
			Name, Zero string
		}
		o.data(&page)
		if strings.Contains(page.Name, "SECRET") || kind == "/ranges/" && !strings.HasSuffix(page.Name, name+"?…") {
			t.Errorf("%s: the page is of %s", kind, page.Name)
		}
		web.Break(nil)
		if piece := o.cut(`{"strip":["python"]}`); piece != want {
			t.Errorf("%s: a cut has %d bytes, not %d", kind, len(piece), len(want))
		}
		bounds := fmt.Sprintf(`{"from":"%s","to":"%s"}`, page.Zero, page.Zero+"0")
		if piece := o.cut(bounds); len(piece) < 1000 {
			t.Errorf("%s: a range of %s has %d bytes", kind, bounds, len(piece))
		}
		o.end()
		if strings.Contains(o.stderr.String(), "SECRET") {
			t.Errorf("%s: %s", kind, o.stderr)
		}
	}
	std := newStreams(strings.NewReader(""), os.Stdout, os.Stderr)
	std.net = std.net.alone(web.URL + "/ranges/" + name)
	web.Break(nil)
	for _, other := range []string{web.URL + "/ranges/other.json", "s3://traces/x", web.URL + "/ranges/" + name + indexSuffix} {
		c := cli.NewContext(appOf(std), nil, nil)
		if _, err := std.net.reach(c, other); err == nil {
			t.Errorf("%s may be read", other)
		}
	}
	if n, _ := web.Traffic(); n > 0 {
		t.Errorf("%d requests", n)
	}
}

// indexed is a trace with an index beside it, as a file and behind a proxy.
func indexed(t *testing.T, name string, packed []byte) (file string, web *far.Proxy) {
	t.Helper()
	file = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, packed, 0o666); err != nil {
		t.Fatal(err)
	}
	if p := called("", "index", "-q", file); p.status != exitDone {
		t.Fatal(p.err)
	}
	index, err := os.ReadFile(file + indexSuffix)
	if err != nil {
		t.Fatal(err)
	}
	return file, far.NewProxy(t, shelf{name: packed, name + indexSuffix: index})
}
