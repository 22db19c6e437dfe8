package remote

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"
)

// Listed is an object in a list.
type Listed struct {
	Name     string // its address
	Size     int64  // bytes
	Modified time.Time
}

// mostListed bounds how many objects are listed: a pattern may go through a large bucket.
const mostListed = 1_000_000

// List returns the objects that a prefix names, without those that have another slash in
// their names, or that a pattern matches.
func (c *Client) List(ctx context.Context, name string) ([]Listed, error) {
	a, err := parse(name)
	if err != nil {
		return nil, &Error{What: err.Error(), Hint: "such as s3://bucket/folder/"}
	}
	prefix, pattern := a.key, ""
	if i := strings.IndexAny(a.key, "*?["); i >= 0 && !IsPrefix(name) {
		if _, err := path.Match(a.key, ""); err != nil {
			return nil, &Error{What: "it is no pattern"}
		}
		prefix, pattern = a.key[:i], a.key
	}
	delimiter := "/"
	if strings.Contains(strings.TrimPrefix(pattern, prefix), "/") { // folders match too
		delimiter = ""
	}
	var all []Listed
	for token := ""; ; {
		page, err := c.listPage(ctx, a.bucket, prefix, delimiter, token)
		if err != nil {
			return nil, err
		}
		for _, o := range page.Contents {
			if page.EncodingType == "url" {
				if o.Key, err = url.QueryUnescape(o.Key); err != nil {
					return nil, &Error{What: "the list of the bucket can't be read"}
				}
			}
			if pattern != "" {
				if ok, _ := path.Match(pattern, o.Key); !ok {
					continue
				}
			}
			if o.Key != prefix || pattern != "" {
				all = append(all, Listed{bucketScheme + a.bucket + "/" + o.Key, o.Size, o.LastModified})
			}
		}
		if !page.IsTruncated || page.NextContinuationToken == "" {
			return all, nil
		}
		if len(all) > mostListed {
			return nil, &Error{What: fmt.Sprintf("it names more than %d objects", mostListed)}
		}
		token = page.NextContinuationToken
	}
}

// listPage is what a bucket answers to ListObjectsV2.
// (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html)
type listPage struct {
	Contents []struct {
		Key          string
		Size         int64
		LastModified time.Time
	}
	EncodingType          string
	IsTruncated           bool
	NextContinuationToken string
}

func (c *Client) listPage(ctx context.Context, bucket, prefix, delimiter, token string) (p listPage, err error) {
	values := map[string]string{"list-type": "2", "prefix": prefix, "encoding-type": "url"}
	if delimiter != "" {
		values["delimiter"] = delimiter
	}
	if token != "" {
		values["continuation-token"] = token
	}
	t := tries{Client: c}
	for {
		if p, err = c.listOnce(ctx, &asking{address: &address{bucket: bucket}, query: query(values)}); err == nil {
			return p, nil
		}
		if err = t.after(ctx, err); err != nil {
			return p, err
		}
	}
}

func (c *Client) listOnce(ctx context.Context, a *asking) (p listPage, err error) {
	r, err := c.once(ctx, a)
	if err != nil {
		return p, err
	}
	defer r.Body.Close()
	text, err := io.ReadAll(io.LimitReader(r.Body, mostAnswer))
	if err != nil {
		return p, err
	}
	if xml.Unmarshal(text, &p) != nil {
		return p, &Error{What: "the list of the bucket can't be read", Hint: "is --s3-endpoint a server that speaks S3?"}
	}
	return p, nil
}
