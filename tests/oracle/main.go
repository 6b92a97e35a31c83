// Command oracle answers what the real Helm and Go do with a template or a YAML text.
//
// It reads one request per line of standard input and writes one answer per line of standard output, both JSON:
//
//	{"render": "{{ upper .Values.name }}"}   -> {"out": "NAME"} or {"err": "…", "raw": "…"}
//	{"yaml": "a: 1"}                         -> {"json": "{\"a\":1}", "v2": "a: 1\n", "v3": "a: 1\n"} or {"err": "…"}
//	{"functions": true}                      -> {"names": ["abbrev", …]}
//	{"merge": {"kind": "Pod", …}}            -> {"json": "{\"spec\":…}"} or {"err": "…"}
//	{"mergeKeys": true}                      -> {"names": ["kind v1 Pod core/v1.Pod", …]}
//	{"ready": {"object": …}}                -> {"out": "true"} or {"err": "…"}
//
// A template is rendered as templates/t.yaml of the chart in the folder that the first argument names. "raw" is
// text/template's own error, where Helm words it differently. Bytes that are no UTF-8 come as "out64", in base64.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/template"
	"time"
	"unicode/utf8"
	_ "unsafe" // for go:linkname

	yaml3 "go.yaml.in/yaml/v3"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chartv2 "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	"sigs.k8s.io/yaml"
)

// The functions as Helm registers them; Helm does not export its map.
//
//go:linkname functions helm.sh/helm/v4/pkg/engine.funcMap
func functions() template.FuncMap

// The same with the late-bound ones (include, tpl, required, fail).
//
//go:linkname initFunMap helm.sh/helm/v4/pkg/engine.Engine.initFunMap
func initFunMap(e engine.Engine, ctx context.Context, t *template.Template)

type request struct {
	Render    *string       `json:"render"`
	Yaml      *string       `json:"yaml"`
	Functions bool          `json:"functions"`
	Merge     *mergeRequest `json:"merge"`
	MergeKeys bool          `json:"mergeKeys"`
	Ready     *readyRequest `json:"ready"`
}

type answer struct {
	Out   *string  `json:"out,omitempty"`
	Out64 *string  `json:"out64,omitempty"`
	Err   string   `json:"err,omitempty"`
	Raw   string   `json:"raw,omitempty"`
	JSON  *string  `json:"json,omitempty"`
	V2    *string  `json:"v2,omitempty"`
	V3    *string  `json:"v3,omitempty"`
	Names []string `json:"names,omitempty"`
}

const name = "templates/t.yaml"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: oracle CHART < requests > answers")
		os.Exit(1)
	}
	time.Local = time.UTC
	folder := os.Args[1]
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	// Nothing is kept back: where Go dies of a request, all answers before it are there.
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	for in.Scan() {
		var r request
		if err := json.Unmarshal(in.Bytes(), &r); err != nil {
			fmt.Fprintln(os.Stderr, "bad request:", err)
			os.Exit(1)
		}
		if err := encoder.Encode(reply(folder, r)); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
}

func reply(folder string, r request) answer {
	switch {
	case r.Render != nil:
		return render(folder, *r.Render)
	case r.Yaml != nil:
		return readYAML(*r.Yaml)
	case r.Merge != nil:
		return merge(*r.Merge)
	case r.Ready != nil:
		return ready(*r.Ready)
	case r.MergeKeys:
		return answer{Names: mergeKeys()}
	default:
		return answer{Names: slices.Sorted(func(yield func(string) bool) {
			for name := range functions() {
				if !yield(name) {
					return
				}
			}
		})}
	}
}

// render renders a template as a file of the chart, which is loaded anew because templates can change values.
func render(folder, text string) answer {
	chart, values, err := load(folder, text)
	if err != nil {
		return answer{Err: "the chart of the oracle: " + err.Error()}
	}
	rendered, err := engine.Render(chart, values)
	if err != nil {
		a := answer{Err: err.Error()}
		if raw := rawError(folder, text); raw != a.Err {
			a.Raw = raw
		}
		return a
	}
	result := rendered[chart.Name()+"/"+name]
	if utf8.ValidString(result) {
		return answer{Out: &result}
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(result))
	return answer{Out64: &encoded}
}

func load(folder, text string) (*chartv2.Chart, common.Values, error) {
	charter, err := loader.LoadDir(folder)
	if err != nil {
		return nil, nil, err
	}
	charter.Templates = append(charter.Templates, &common.File{Name: name, Data: []byte(text)})
	caps := common.DefaultCapabilities.Copy()
	version, err := common.ParseKubeVersion("v1.34.0")
	if err != nil {
		return nil, nil, err
	}
	caps.KubeVersion = *version
	options := common.ReleaseOptions{Name: "rel", Namespace: "ns", Revision: 1, IsInstall: true}
	values, err := util.ToRenderValues(charter, nil, options, caps)
	return charter, values, err
}

// rawError is the error of text/template before Helm words it anew.
func rawError(folder, text string) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint("panic: ", r)
		}
	}()
	chart, values, err := load(folder, text)
	if err != nil {
		return err.Error()
	}
	t := template.New("gotpl").Option("missingkey=zero")
	initFunMap(engine.Engine{}, context.Background(), t)
	for _, file := range chart.Templates {
		if _, err := t.New(chart.Name() + "/" + file.Name).Parse(string(file.Data)); err != nil {
			return err.Error()
		}
	}
	full := chart.Name() + "/" + name
	values["Template"] = common.Values{"Name": full, "BasePath": chart.Name() + "/templates"}
	values["Files"] = map[string]any{}
	values["Subcharts"] = map[string]any{}
	if err := t.ExecuteTemplate(&strings.Builder{}, full, values); err != nil {
		return err.Error()
	}
	return "no error"
}

// readYAML reads a text as Helm reads values and writes it in both flavours.
func readYAML(text string) answer {
	var value any
	if err := yaml.Unmarshal([]byte(text), &value); err != nil {
		return answer{Err: err.Error()}
	}
	asJSON, err := json.Marshal(value)
	if err != nil {
		return answer{Err: err.Error()}
	}
	plain, err := yaml.Marshal(value)
	if err != nil {
		return answer{Err: err.Error()}
	}
	var pretty bytes.Buffer
	encoder := yaml3.NewEncoder(&pretty)
	encoder.SetIndent(2)
	if err := encoder.Encode(value); err != nil {
		return answer{Err: err.Error()}
	}
	one, two, three := string(asJSON), string(plain), pretty.String()
	return answer{JSON: &one, V2: &two, V3: &three}
}
