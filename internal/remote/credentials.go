package remote

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// credentials sign requests.
type credentials struct {
	id, secret, token string
	from              string    // where they were found, for people
	expires           time.Time // zero if that is not known
}

// soon is how long before they expire credentials are taken again.
const soon = 2 * time.Minute

func (c *credentials) fresh(now time.Time) bool {
	return c.expires.IsZero() || now.Add(soon).Before(c.expires)
}

// errNone says that some place has no credentials.
var errNone = errors.New("no credentials there")

// chain is where credentials and settings are looked for, in the order in which AWS's own
// programs do.
type chain struct {
	client  *http.Client
	profile profile
}

// profile is what files in ~/.aws say of the profile in use.
type profile struct {
	name   string
	values map[string]string
	named  bool // by the environment, so that it must be there
}

func readProfile() (p profile) {
	p.name, p.values = os.Getenv("AWS_PROFILE"), map[string]string{}
	if p.named = p.name != ""; !p.named {
		p.name = "default"
	}
	home, _ := os.UserHomeDir()
	for _, f := range []struct{ env, name, section string }{
		{"AWS_CONFIG_FILE", "config", "profile " + p.name},
		{"AWS_SHARED_CREDENTIALS_FILE", "credentials", p.name},
	} {
		file := os.Getenv(f.env)
		if file == "" {
			file = filepath.Join(home, ".aws", f.name)
		}
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		readSection(string(text), p.values, f.section, p.name)
	}
	return p
}

// readSection adds what an ini file says in a section that has one of some names.
func readSection(text string, to map[string]string, names ...string) {
	inside := false
	for line := range strings.Lines(text) {
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		line = strings.TrimSpace(line)
		switch {
		case line == "" || line[0] == '#' || line[0] == ';':
		case line[0] == '[':
			section := strings.Join(strings.Fields(strings.Trim(line, "[]")), " ")
			inside = slices.Contains(names, section)
		case inside && !indented: // settings of a service are indented
			if key, value, ok := strings.Cut(line, "="); ok {
				to[strings.ToLower(strings.TrimSpace(key))] = strings.TrimSpace(value)
			}
		}
	}
}

// find returns credentials, nil if there are none anywhere.
func (c *chain) find(ctx context.Context) (*credentials, error) {
	for _, from := range []func(context.Context) (*credentials, error){
		c.environment, c.file, c.webIdentity, c.container, c.instance,
	} {
		found, err := from(ctx)
		if !errors.Is(err, errNone) {
			return found, err
		}
	}
	return nil, nil
}

func (c *chain) environment(context.Context) (*credentials, error) {
	found := &credentials{os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), os.Getenv("AWS_SESSION_TOKEN"), "the environment", time.Time{}}
	if found.id == "" || found.secret == "" {
		return nil, errNone
	}
	return found, nil
}

func (c *chain) file(context.Context) (*credentials, error) {
	v := c.profile.values
	found := &credentials{v["aws_access_key_id"], v["aws_secret_access_key"], v["aws_session_token"], "the profile " + c.profile.name, time.Time{}}
	switch {
	case found.id != "" && found.secret != "" && v["role_arn"] == "":
		return found, nil
	case c.profile.named && len(v) == 0:
		return nil, &Error{What: fmt.Sprintf("there is no profile %s in ~/.aws", c.profile.name), Hint: "AWS_PROFILE names it"}
	}
	for _, key := range []string{"role_arn", "sso_session", "sso_start_url", "credential_process"} {
		if v[key] != "" {
			return nil, &Error{
				What: fmt.Sprintf("the profile %s gets its credentials by %s, which is not supported", c.profile.name, key),
				Hint: fmt.Sprintf(`put them into the environment: eval "$(aws configure export-credentials --profile %s --format env)"`, c.profile.name),
			}
		}
	}
	return nil, errNone
}

// webIdentity exchanges the token that a cluster gives its pods.
func (c *chain) webIdentity(ctx context.Context) (*credentials, error) {
	role, file := os.Getenv("AWS_ROLE_ARN"), os.Getenv("AWS_WEB_IDENTITY_TOKEN_FILE")
	if role == "" || file == "" {
		return nil, errNone
	}
	token, err := os.ReadFile(file)
	if err != nil {
		return nil, &Error{What: "the token of AWS_WEB_IDENTITY_TOKEN_FILE can't be read"}
	}
	at := os.Getenv("AWS_ENDPOINT_URL_STS")
	if at == "" {
		at = "https://sts." + regionOf(c.profile) + ".amazonaws.com"
	}
	session := os.Getenv("AWS_ROLE_SESSION_NAME")
	if session == "" {
		session = "tracekit"
	}
	form := url.Values{
		"Action": {"AssumeRoleWithWebIdentity"}, "Version": {"2011-06-15"}, "RoleArn": {role},
		"RoleSessionName": {session}, "WebIdentityToken": {strings.TrimSpace(string(token))},
	}
	text, err := c.ask(ctx, http.MethodPost, at, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}}, strings.NewReader(form.Encode()))
	if err != nil {
		return nil, &Error{What: "the token of AWS_WEB_IDENTITY_TOKEN_FILE got no credentials: " + err.Error()}
	}
	var answer struct {
		Found struct {
			ID      string    `xml:"AccessKeyId"`
			Secret  string    `xml:"SecretAccessKey"`
			Token   string    `xml:"SessionToken"`
			Expires time.Time `xml:"Expiration"`
		} `xml:"AssumeRoleWithWebIdentityResult>Credentials"`
	}
	if xml.Unmarshal(text, &answer) != nil || answer.Found.ID == "" {
		return nil, &Error{What: "the token of AWS_WEB_IDENTITY_TOKEN_FILE got no credentials"}
	}
	f := answer.Found
	return &credentials{f.ID, f.Secret, f.Token, "the role " + role, f.Expires}, nil
}

// container asks what ECS and EKS put beside a container.
func (c *chain) container(ctx context.Context) (*credentials, error) {
	at := os.Getenv("AWS_CONTAINER_CREDENTIALS_FULL_URI")
	if relative := os.Getenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"); relative != "" {
		at = "http://169.254.170.2" + relative
	}
	if at == "" {
		return nil, errNone
	}
	u, err := url.Parse(at)
	if err != nil || u.Scheme != "https" && !besideContainer(u.Hostname()) {
		return nil, &Error{What: "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this machine"}
	}
	header := http.Header{}
	token := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN")
	if file := os.Getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); file != "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, &Error{What: "the token of AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE can't be read"}
		}
		token = strings.TrimSpace(string(text))
	}
	if token != "" {
		header.Set("Authorization", token)
	}
	text, err := c.ask(ctx, http.MethodGet, at, header, nil)
	if err != nil {
		return nil, &Error{What: "no credentials of the container's role: " + err.Error()}
	}
	return roleAnswer(text, "the container's role")
}

// besideContainer reports whether a host is one that credentials may be asked of without
// encryption: this machine, and the addresses of ECS and EKS.
func besideContainer(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && (ip.IsLoopback() || ip.Equal(net.IPv4(169, 254, 170, 2)) || ip.Equal(net.IPv4(169, 254, 170, 23)))
}

// instance asks the metadata service of EC2, by its second version.
func (c *chain) instance(ctx context.Context) (*credentials, error) {
	if strings.EqualFold(os.Getenv("AWS_EC2_METADATA_DISABLED"), "true") {
		return nil, errNone
	}
	at := os.Getenv("AWS_EC2_METADATA_SERVICE_ENDPOINT")
	if at == "" {
		at = "http://169.254.169.254"
	}
	at = strings.TrimSuffix(at, "/") + "/latest/"
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	token, err := c.ask(ctx, http.MethodPut, at+"api/token", http.Header{"X-Aws-Ec2-Metadata-Token-Ttl-Seconds": {"21600"}}, nil)
	if err != nil {
		return nil, errNone
	}
	header := http.Header{"X-Aws-Ec2-Metadata-Token": {strings.TrimSpace(string(token))}}
	const roles = "meta-data/iam/security-credentials/"
	list, err := c.ask(ctx, http.MethodGet, at+roles, header, nil)
	role, _, _ := strings.Cut(strings.TrimSpace(string(list)), "\n")
	if err != nil || role == "" {
		return nil, errNone
	}
	text, err := c.ask(ctx, http.MethodGet, at+roles+url.PathEscape(role), header, nil)
	if err != nil {
		return nil, &Error{What: "no credentials of the instance's role: " + err.Error()}
	}
	return roleAnswer(text, "the instance's role")
}

func roleAnswer(text []byte, from string) (*credentials, error) {
	var answer struct {
		AccessKeyID     string `json:"AccessKeyId"`
		SecretAccessKey string
		Token           string
		Expiration      time.Time
	}
	if json.Unmarshal(text, &answer) != nil || answer.AccessKeyID == "" || answer.SecretAccessKey == "" {
		return nil, &Error{What: "no credentials of " + from + ": the answer holds none"}
	}
	return &credentials{answer.AccessKeyID, answer.SecretAccessKey, answer.Token, from, answer.Expiration}, nil
}

// mostAnswer is how long an answer that is not an object's may be, in bytes.
const mostAnswer = 16 << 20

// ask returns a short answer. Its error names nothing of the request.
func (c *chain) ask(ctx context.Context, method, at string, header http.Header, body io.Reader) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil {
		return nil, errors.New("the address is not right")
	}
	r.Header = header
	answer, err := c.client.Do(r)
	if err != nil {
		return nil, errors.New(reasonOf(err))
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", answer.StatusCode)
	}
	return io.ReadAll(io.LimitReader(answer.Body, 1<<20))
}

// regionOf is where buckets are taken to be.
func regionOf(p profile) string {
	for _, region := range []string{os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), p.values["region"]} {
		if region != "" {
			return region
		}
	}
	return "us-east-1"
}
