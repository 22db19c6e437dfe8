package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tracekit/internal/testkit/far"
)

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
