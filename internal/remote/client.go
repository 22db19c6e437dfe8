package remote

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Options say how objects are reached. What is zero is as it is usual.
type Options struct {
	Endpoint string        // URL of the server that speaks S3; empty for what the environment says, or AWS
	Tries    int           // of a request that brings nothing
	Pause    time.Duration // before the second of them; twice as long before each other one
	Stall    time.Duration // after which a request that brings nothing is given up
}

const (
	usualTries = 6
	usualPause = 250 * time.Millisecond
	usualStall = 30 * time.Second
	// longestWait is how long a server may ask to wait.
	longestWait = 30 * time.Second
	// mostRedirects is how often an address may lead to another one.
	mostRedirects = 10
)

// Client reaches objects. It may be used by several goroutines.
type Client struct {
	o        Options
	http     *http.Client
	chain    chain
	endpoint *url.URL // nil for AWS
	answered atomic.Bool

	mutex   sync.Mutex
	regions map[string]string // of buckets, where they are known to be elsewhere
	asked   bool              // for credentials
	who     *credentials      // nil for nobody
}

// NewClient returns a Client. It fails if the endpoint is none.
func NewClient(o Options) (*Client, error) {
	if o.Tries == 0 {
		o.Tries = usualTries
	}
	if o.Pause == 0 {
		o.Pause = usualPause
	}
	if o.Stall == 0 {
		o.Stall = usualStall
	}
	follow := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	c := &Client{o: o, regions: map[string]string{}}
	c.http = &http.Client{CheckRedirect: follow, Transport: transport(o, http.ProxyFromEnvironment)}
	c.chain = chain{client: &http.Client{CheckRedirect: follow, Transport: transport(o, nil)}, profile: readProfile()}
	var err error
	c.endpoint, err = endpointOf(o.Endpoint, c.chain.profile)
	return c, err
}

func transport(o Options, proxy func(*http.Request) (*url.URL, error)) *http.Transport {
	dial := &net.Dialer{Timeout: min(o.Stall, 10*time.Second)}
	return &http.Transport{
		Proxy: proxy, DialContext: dial.DialContext, TLSHandshakeTimeout: min(o.Stall, 10*time.Second),
		MaxIdleConnsPerHost: atOnce + 1, IdleConnTimeout: time.Minute,
		DisableCompression: true,                                                   // bytes count as they are kept
		TLSNextProto:       map[string]func(string, *tls.Conn) http.RoundTripper{}, // one stream a connection is quicker for long ones
	}
}

// endpointOf is the server that speaks S3, nil for AWS.
func endpointOf(given string, p profile) (*url.URL, error) {
	for _, at := range []string{given, os.Getenv("AWS_ENDPOINT_URL_S3"), os.Getenv("AWS_ENDPOINT_URL"), p.values["endpoint_url"]} {
		if at == "" {
			continue
		}
		u, err := url.Parse(at)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || u.RawQuery != "" {
			return nil, &Error{What: "the endpoint is no URL such as https://minio.example.com:9000"}
		}
		return u, nil
	}
	return nil, nil
}

// Close lets go of connections.
func (c *Client) Close() {
	c.http.CloseIdleConnections()
	c.chain.client.CloseIdleConnections()
}

// tries are those of one request.
type tries struct {
	*Client
	n int
}

// after waits until a request may be made again after err. It fails with err, or with what it
// is about, where it is not worth it.
func (t *tries) after(ctx context.Context, err error) error {
	var again *transient
	if !errors.As(err, &again) {
		return err
	}
	if t.n++; t.n >= t.o.Tries {
		e := *again.cause
		e.What = fmt.Sprintf("%s; tried %d times", e.What, t.n)
		return &e
	}
	wait := t.o.Pause << (t.n - 1)
	if again.after > 0 {
		wait = min(again.after, longestWait)
	}
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// asking is a request for bytes of an object, or for a list.
type asking struct {
	address *address
	query   string   // of a list; else empty
	span    string   // the value of Range, empty for all
	tag     string   // of which state of the object, if that can be said
	target  *url.URL // where the address led before, nil if that is not known
}

// send makes a request until there is an answer that brings bytes, whose body is the caller's
// to close.
func (c *Client) send(ctx context.Context, a *asking) (*http.Response, error) {
	t := tries{Client: c}
	for {
		r, err := c.once(ctx, a)
		if err == nil {
			return r, nil
		}
		if err = t.after(ctx, err); err != nil {
			return nil, err
		}
	}
}

// once makes a request, and others to where its answer leads.
func (c *Client) once(ctx context.Context, a *asking) (*http.Response, error) {
	if a.address.url == nil {
		return c.bucket(ctx, a)
	}
	at, who := a.address.url, a.address.url.User
	if a.target != nil {
		at = a.target
	}
	for n := 0; ; n++ {
		if !sameServer(at, a.address.url) {
			who = nil
		}
		r, err := c.do(ctx, at, a, func(r *http.Request) {
			if password, has := who.Password(); who != nil && (has || who.Username() != "") {
				r.SetBasicAuth(who.Username(), password)
			}
		})
		switch {
		case err != nil:
			return nil, err
		case r.StatusCode == http.StatusOK, r.StatusCode == http.StatusPartialContent, r.StatusCode == http.StatusRequestedRangeNotSatisfiable:
			if n > 0 {
				a.target = at
			}
			return r, nil
		case !isRedirect(r.StatusCode):
			if n == 0 && a.target != nil && r.StatusCode < 500 { // where it led may be for a while only
				r.Body.Close()
				at, who, a.target = a.address.url, a.address.url.User, nil
				n--
				continue
			}
			err = c.refused(a.address, r)
			r.Body.Close()
			return nil, err
		case n == mostRedirects:
			err = &Error{What: fmt.Sprintf("it leads to another address, %d times", mostRedirects)}
		default:
			at, err = next(at, r)
		}
		r.Body.Close()
		if err != nil {
			return nil, err
		}
	}
}

func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

func sameServer(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && strings.EqualFold(a.Host, b.Host)
}

// next is where an answer leads.
func next(at *url.URL, r *http.Response) (*url.URL, error) {
	to, err := at.Parse(r.Header.Get("Location"))
	switch {
	case err != nil || r.Header.Get("Location") == "" || to.Host == "" || to.Scheme != "http" && to.Scheme != "https":
		return nil, &Error{What: "it leads to another address that can't be read"}
	case at.Scheme == "https" && to.Scheme != "https":
		return nil, &Error{What: "it leads from https to http, at " + to.Host, Hint: "name that address, if it is to be read without encryption"}
	}
	to.User, to.Fragment = nil, ""
	return to, nil
}

// bucket makes a request to S3, and again where the bucket turns out to be in another region,
// or credentials to have expired that can be had again.
func (c *Client) bucket(ctx context.Context, a *asking) (*http.Response, error) {
	for n := 0; ; n++ {
		who, err := c.credentials(ctx)
		if err != nil {
			return nil, err
		}
		c.mutex.Lock()
		region, known := c.regions[a.address.bucket]
		c.mutex.Unlock()
		if !known {
			region = regionOf(c.chain.profile)
		}
		at := place{c.endpoint, region}.at(a.address.bucket, a.address.key, a.query)
		r, err := c.do(ctx, at, a, func(r *http.Request) {
			if who != nil {
				sign(r, who, region, time.Now())
			}
		})
		if err != nil {
			return nil, err
		}
		switch r.StatusCode {
		case http.StatusOK, http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
			return r, nil
		}
		elsewhere := r.Header.Get("X-Amz-Bucket-Region")
		err = c.refused(a.address, r)
		r.Body.Close()
		switch {
		case n == 0 && elsewhere != "" && elsewhere != region && plainRegion(elsewhere):
			c.mutex.Lock()
			c.regions[a.address.bucket] = elsewhere
			c.mutex.Unlock()
		case n == 0 && errors.Is(err, errExpired) && c.renew(who):
		case isRedirect(r.StatusCode):
			return nil, &Error{What: fmt.Sprintf("the bucket is elsewhere: %d", r.StatusCode), Hint: "say where: AWS_REGION, or --s3-endpoint; a signed request goes to no other host"}
		default:
			return nil, err
		}
	}
}

func plainRegion(s string) bool {
	return len(s) < 40 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// credentials are those in use, nil for nobody.
func (c *Client) credentials(ctx context.Context) (*credentials, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.asked && (c.who == nil || c.who.fresh(time.Now())) {
		return c.who, nil
	}
	who, err := c.chain.find(ctx)
	if err != nil {
		return nil, err
	}
	c.asked, c.who = true, who
	return who, nil
}

// renew lets credentials be looked for again, and reports whether that may bring others.
func (c *Client) renew(old *credentials) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if old == nil || old.expires.IsZero() {
		return false
	}
	if c.who == old {
		c.asked = false
	}
	return true
}

// do makes one request. It is given up when nothing comes of it for long.
func (c *Client) do(ctx context.Context, at *url.URL, a *asking, prepare func(*http.Request)) (*http.Response, error) {
	request, cancel := context.WithCancelCause(ctx)
	r, err := http.NewRequestWithContext(request, http.MethodGet, "", nil)
	if err != nil {
		cancel(nil)
		return nil, err
	}
	plain := *at
	plain.User = nil
	r.URL, r.Host = &plain, plain.Host
	r.Header.Set("Accept-Encoding", "identity")
	r.Header.Set("User-Agent", "tracekit")
	if a.span != "" {
		r.Header.Set("Range", a.span)
		if strings.HasPrefix(a.tag, `"`) {
			r.Header.Set("If-Range", a.tag)
		}
	}
	prepare(r)
	stall := time.AfterFunc(c.o.Stall, func() { cancel(errStalled) })
	answer, err := c.http.Do(r)
	stall.Stop()
	if err != nil {
		err = c.failed(ctx, request, err)
		cancel(nil)
		return nil, err
	}
	c.answered.Store(true)
	answer.Body = &body{c, ctx, request, cancel, answer.Body}
	return answer, nil
}

// body is that of an answer. Its errors are transient ones.
type body struct {
	c            *Client
	ctx, request context.Context
	cancel       context.CancelCauseFunc
	from         io.ReadCloser
}

func (b *body) Read(p []byte) (int, error) {
	stall := time.AfterFunc(b.c.o.Stall, func() { b.cancel(errStalled) })
	n, err := b.from.Read(p)
	stall.Stop()
	if err != nil && err != io.EOF {
		err = b.c.failed(b.ctx, b.request, err)
	}
	return n, err
}

func (b *body) Close() error {
	b.cancel(nil)
	return b.from.Close()
}
