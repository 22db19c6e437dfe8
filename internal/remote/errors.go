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
	"regexp"
	"strings"
	"syscall"
	"time"
)

// Error says in one line why something can't be read, without anything that is secret, and
// without the object's name.
type Error struct {
	What string
	Hint string // what to do about it, if there is something to say
	err  error  // ErrChanged, ErrMissing or errExpired, if it is that
}

func (e *Error) Error() string { return e.What }

func (e *Error) Unwrap() error { return e.err }

var (
	// ErrChanged says that an object is not the one any more of which something was read.
	ErrChanged = errors.New("the object has changed")
	// ErrMissing says that there is no such object, or that nobody is to know of it.
	ErrMissing = errors.New("there is no such object")
	errExpired = errors.New("the credentials have expired")
)

// transient is an error after which it is worth to try again.
type transient struct {
	cause *Error
	after time.Duration // which the server asks to wait; 0 if it does not
}

func (t *transient) Error() string { return t.cause.What }
func (t *transient) Unwrap() error { return t.cause }

// errStalled ends a request that brings nothing for long.
var errStalled = errors.New("nothing came")

// reasonOf says what is wrong with a connection, without the address, which may hold secrets.
func reasonOf(err error) string {
	var name *net.DNSError
	var op *net.OpError
	switch {
	case errors.As(err, &name) && name.IsNotFound:
		return "no such host: " + name.Name
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was reset"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection was closed before the end"
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return "it took too long"
	case errors.As(err, &op) && op.Err != nil:
		return op.Err.Error()
	}
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return err.Error()
}

func isTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}

// failed is the error of a request that got no answer.
func (c *Client) failed(ctx, request context.Context, err error) error {
	var name *net.DNSError
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(context.Cause(request), errStalled):
		return &transient{cause: &Error{What: fmt.Sprintf("nothing came for %v", c.o.Stall)}}
	case errors.As(err, &name) && name.IsNotFound:
		return &Error{What: reasonOf(err), Hint: "is the address right?"}
	case errors.Is(err, syscall.ECONNREFUSED) && !c.answered.Load():
		return &Error{What: reasonOf(err), Hint: "is the address right, and does a server listen there?"}
	case errors.As(err, new(tls.RecordHeaderError)), errors.Is(err, http.ErrSchemeMismatch):
		return &Error{What: "the server does not speak TLS", Hint: "is it http:// rather than https://?"}
	case strings.Contains(err.Error(), "x509: "):
		return &Error{What: reasonOf(err), Hint: "SSL_CERT_FILE names a file of certificates to trust"}
	}
	return &transient{cause: &Error{What: reasonOf(err)}}
}

var plainCode = regexp.MustCompile(`<Code>([A-Za-z]{1,60})</Code>`)

// refused is the error of an answer that brings no bytes. Of what the server writes only the
// kind of the error goes on, since the rest may repeat what was sent.
func (c *Client) refused(a *address, r *http.Response) error {
	text, _ := io.ReadAll(io.LimitReader(r.Body, 64<<10))
	code := ""
	if m := plainCode.FindSubmatch(text); m != nil && a.url == nil {
		code = string(m[1])
	}
	says := fmt.Sprintf("%d %s", r.StatusCode, http.StatusText(r.StatusCode))
	if code != "" {
		says = fmt.Sprintf("%d %s", r.StatusCode, code)
	}
	switch r.StatusCode {
	case http.StatusTooManyRequests, http.StatusRequestTimeout, http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return &transient{cause: &Error{What: "the server is busy or broken: " + says}, after: retryAfter(r)}
	case http.StatusNotFound, http.StatusGone:
		return c.missing(a, code, says)
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
		if a.url == nil {
			return c.denied(code, says)
		}
		if r.StatusCode != http.StatusBadRequest {
			return &Error{What: "access is denied: " + says, Hint: "a signed address may have expired; https://USER:PASSWORD@… says who asks", err: ErrMissing}
		}
	case http.StatusPreconditionFailed:
		return changed()
	}
	return &Error{What: "the server says " + says}
}

func changed() error {
	return &Error{What: "the object has changed while it was read", Hint: "wait until it is whole, and begin again", err: ErrChanged}
}

func (c *Client) missing(a *address, code, says string) error {
	e := &Error{What: "there is no such object: " + says, err: ErrMissing}
	switch {
	case code == "NoSuchBucket":
		e.What, e.Hint = "there is no such bucket: "+says, "is the name right, and --s3-endpoint?"
	case a.url == nil && !strings.HasSuffix(a.key, "/"):
		e.Hint = "is the name right? What begins with it is named with a slash at its end"
	}
	return e
}

// denied is the error of a bucket that does not answer to who asks.
func (c *Client) denied(code, says string) error {
	c.mutex.Lock()
	who := c.who
	c.mutex.Unlock()
	from := "no credentials were found"
	if who != nil {
		from = "the credentials are those of " + who.from
	}
	switch code {
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
		return &Error{What: "the credentials have expired: " + says, Hint: from + "; get new ones there", err: errExpired}
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "InvalidClientTokenId":
		return &Error{What: "the credentials are not right: " + says, Hint: from + "; is it the right --s3-endpoint?"}
	case "RequestTimeTooSkewed":
		return &Error{What: "the clock of this machine is wrong: " + says, Hint: "set it, and begin again"}
	}
	if who == nil {
		from += ", neither in the environment nor in ~/.aws nor for a role of this machine"
	}
	return &Error{What: "access is denied: " + says, Hint: from, err: ErrMissing}
}

// retryAfter is how long a server asks to wait.
func retryAfter(r *http.Response) time.Duration {
	text := r.Header.Get("Retry-After")
	if at, err := http.ParseTime(text); err == nil {
		return max(time.Until(at), 0)
	}
	wait, err := time.ParseDuration(text + "s")
	if err != nil || wait < 0 {
		return 0
	}
	return wait
}
