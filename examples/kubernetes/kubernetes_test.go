// Package kubernetes_test reads the manifests of the example.
package kubernetes_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// job is of a Job what has to fit together.
type job struct {
	APIVersion string `yaml:"apiVersion"`
	Kind       string
	Metadata   struct{ Name string }
	Spec       struct {
		CompletionMode       string `yaml:"completionMode"`
		Completions          int
		Parallelism          int
		BackoffLimit         int `yaml:"backoffLimit"`
		BackoffLimitPerIndex int `yaml:"backoffLimitPerIndex"`
		PodFailurePolicy     struct {
			Rules []struct {
				Action      string
				OnExitCodes struct {
					ContainerName string `yaml:"containerName"`
					Operator      string
					Values        []int
				} `yaml:"onExitCodes"`
				OnPodConditions []struct{ Type, Status string } `yaml:"onPodConditions"`
			}
		} `yaml:"podFailurePolicy"`
		Template struct {
			Spec struct {
				RestartPolicy string `yaml:"restartPolicy"`
				Containers    []struct {
					Name, Image  string
					Args         []string
					Resources    struct{ Requests, Limits map[string]string }
					VolumeMounts []struct {
						Name      string
						MountPath string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
				Volumes []struct {
					Name                  string
					PersistentVolumeClaim *struct {
						ClaimName string `yaml:"claimName"`
					} `yaml:"persistentVolumeClaim"`
					EmptyDir *struct{} `yaml:"emptyDir"`
				}
			}
		}
	}
}

func read(t *testing.T, name string) (j job) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	d := yaml.NewDecoder(f)
	d.KnownFields(true) // a field that is spelled wrong is none of these
	if err := d.Decode(&j); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if j.APIVersion != "batch/v1" || j.Kind != "Job" || len(j.Spec.Template.Spec.Containers) != 1 || j.Spec.Template.Spec.RestartPolicy != "Never" {
		t.Errorf("%s is no Job of one container that is never started again in its pod: %+v", name, j)
	}
	for _, m := range j.Spec.Template.Spec.Containers[0].VolumeMounts {
		found := false
		for _, v := range j.Spec.Template.Spec.Volumes {
			found = found || v.Name == m.Name && (v.PersistentVolumeClaim != nil) != (v.EmptyDir != nil)
		}
		if !found {
			t.Errorf("%s: no volume is called %s", name, m.Name)
		}
	}
	return j
}

// after is the argument behind a flag.
func after(args []string, flag string) string {
	return args[slices.Index(args, flag)+1]
}

func TestManifestsFitTogether(t *testing.T) {
	share, reduce := read(t, "share.yaml"), read(t, "reduce.yaml")
	if share.Spec.CompletionMode != "Indexed" || share.Spec.Parallelism < 1 {
		t.Errorf("the shares are no Indexed Job: %+v", share.Spec)
	}
	wrote, reads := share.Spec.Template.Spec.Containers[0].Args, reduce.Spec.Template.Spec.Containers[0].Args
	if want := "--shard=/" + strconv.Itoa(share.Spec.Completions); !slices.Contains(wrote, want) {
		t.Errorf("%d completions, and no %s in %v", share.Spec.Completions, want, wrote)
	}
	if out, in := strings.TrimSuffix(after(wrote, "-o"), "/"), reads[len(reads)-1]; out != in {
		t.Errorf("the shares write into %s, and the reduction reads %s", out, in)
	}
	if traces := wrote[len(wrote)-1]; traces != after(reads, "--expect") || !slices.Contains(reads, "--strict") {
		t.Errorf("the shares read %s, and the reduction does not insist on that: %v", traces, reads)
	}
}
