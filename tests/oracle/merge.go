package main

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextensionsv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/kubernetes/scheme"
)

// mergeRequest asks for the patch that Helm sends where it merges objects itself.
type mergeRequest struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Original   json.RawMessage `json:"original"`
	Wanted     json.RawMessage `json:"wanted"`
	Live       json.RawMessage `json:"live"`
	// ThreeWay is for kinds without Go types: whether the live object counts.
	ThreeWay bool `json:"threeWay"`
}

// builtIn has the kinds that Helm merges by their Go types.
func builtIn() *runtime.Scheme {
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		scheme.AddToScheme, apiextensionsv1.AddToScheme, apiextensionsv1beta1.AddToScheme,
	} {
		if err := add(s); err != nil {
			panic(err)
		}
	}
	return s
}

func merge(r mergeRequest) answer {
	gv, err := schema.ParseGroupVersion(r.APIVersion)
	if err != nil {
		return answer{Err: err.Error()}
	}
	object, err := builtIn().New(gv.WithKind(r.Kind))
	var patch []byte
	switch {
	case err != nil && r.ThreeWay:
		patch, err = jsonmergepatch.CreateThreeWayJSONMergePatch(r.Original, r.Wanted, r.Live)
	case err != nil:
		patch, err = jsonpatch.CreateMergePatch(r.Original, r.Wanted)
	default:
		var meta strategicpatch.PatchMetaFromStruct
		meta, err = strategicpatch.NewPatchMetaFromStruct(object)
		if err == nil {
			patch, err = strategicpatch.CreateThreeWayMergePatch(r.Original, r.Wanted, r.Live, meta, true)
		}
	}
	if err != nil {
		return answer{Err: err.Error()}
	}
	text := string(patch)
	return answer{JSON: &text}
}

// mergeKeys writes the table of kinds and of the fields that are merged by key: what the Go types' tags say.
func mergeKeys() []string {
	table := keyTable{lines: map[reflect.Type][]string{}, open: map[reflect.Type]bool{}}
	var kinds []string
	s := builtIn()
	for gvk, t := range s.AllKnownTypes() {
		if gvk.Version == runtime.APIVersionInternal || !hasMetadata(t) {
			continue
		}
		if gvk.Group == "apiextensions.k8s.io" && gvk.Version == "v1beta1" {
			continue // Helm merges these as kinds without Go types
		}
		kinds = append(kinds, fmt.Sprintf("kind %s %s %s", gvk.GroupVersion(), gvk.Kind, table.name(t)))
	}
	slices.Sort(kinds)
	var types []string
	for t, fields := range table.lines {
		if len(fields) > 0 {
			types = append(types, "type "+short(t)+"\n"+strings.Join(fields, "\n"))
		}
	}
	slices.Sort(types)
	lines := kinds
	for _, t := range types {
		lines = append(lines, strings.Split(t, "\n")...)
	}
	return lines
}

func hasMetadata(t reflect.Type) bool {
	field, found := t.FieldByName("ObjectMeta")
	return found && field.Type == reflect.TypeOf(metav1.ObjectMeta{})
}

// marshaler is what types with a JSON form of their own implement: quantities, times.
var marshaler = reflect.TypeFor[json.Marshaler]()

type keyTable struct {
	lines map[reflect.Type][]string
	open  map[reflect.Type]bool
}

// name gives the type's name in the table, or "-" where nothing below it is merged by key.
func (t *keyTable) name(of reflect.Type) string {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() == reflect.Map {
		if name := t.name(of.Elem()); name != "-" {
			panic(fmt.Sprintf("a map of %s: the table cannot say that", name))
		}
		return "-"
	}
	if of.Kind() != reflect.Struct || reflect.PointerTo(of).Implements(marshaler) {
		return "-"
	}
	if t.open[of] {
		return "-" // JSONSchemaProps holds itself, and nothing in it is merged by key
	}
	if _, known := t.lines[of]; !known {
		t.open[of] = true
		lines := t.fields(of)
		slices.Sort(lines)
		t.lines[of] = lines
		delete(t.open, of)
	}
	if len(t.lines[of]) == 0 {
		return "-"
	}
	return short(of)
}

func (t *keyTable) fields(of reflect.Type) []string {
	var lines []string
	for i := range of.NumField() {
		field := of.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" && field.Type.Kind() == reflect.Struct {
			lines = append(lines, t.fields(field.Type)...)
			continue
		}
		if name == "" || name == "-" {
			continue
		}
		strategy, key := field.Tag.Get("patchStrategy"), field.Tag.Get("patchMergeKey")
		under := field.Type
		for under.Kind() == reflect.Pointer {
			under = under.Elem()
		}
		if under.Kind() == reflect.Slice {
			if !strings.Contains(strategy, "merge") {
				continue // replaced as a whole
			}
			if key == "" {
				key = "-"
			}
			lines = append(lines, fmt.Sprintf("  %s list %s %s %s", name, strategy, key, t.name(under.Elem())))
			continue
		}
		below := t.name(field.Type)
		if strategy == "" && below == "-" {
			continue
		}
		if strategy == "" {
			strategy = "-"
		}
		lines = append(lines, fmt.Sprintf("  %s map %s %s", name, strategy, below))
	}
	return lines
}

// short is the type's name with what tells packages apart: "apps/v1.DeploymentSpec".
func short(t reflect.Type) string {
	parts := strings.Split(t.PkgPath(), "/")
	return strings.Join(parts[len(parts)-2:], "/") + "." + t.Name()
}
