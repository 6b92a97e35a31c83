// Flux-fields prints what the custom resource definitions of Flux's own Go types say, one fact a line, so that
// a test can compare them with the definitions that pintle-controller generates from its Rust types.
//
// Descriptions are left out: they are Flux's text, and nothing is validated by them.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	apiext "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-tools/pkg/crd"
	"sigs.k8s.io/controller-tools/pkg/loader"
	"sigs.k8s.io/controller-tools/pkg/markers"

	_ "github.com/fluxcd/helm-controller/api/v2"
	_ "github.com/fluxcd/source-controller/api/v1"
)

var wanted = []struct {
	module, path string
	kind         schema.GroupKind
}{
	{"github.com/fluxcd/helm-controller/api", "github.com/fluxcd/helm-controller/api/v2",
		schema.GroupKind{Group: "helm.toolkit.fluxcd.io", Kind: "HelmRelease"}},
	{"github.com/fluxcd/source-controller/api", "github.com/fluxcd/source-controller/api/v1",
		schema.GroupKind{Group: "source.toolkit.fluxcd.io", Kind: "HelmRepository"}},
}

func main() {
	out := bufio.NewWriter(os.Stdout)
	if err := run(out); err != nil {
		fmt.Fprintln(os.Stderr, "flux-fields:", err)
		os.Exit(1)
	}
	if err := out.Flush(); err != nil {
		fmt.Fprintln(os.Stderr, "flux-fields:", err)
		os.Exit(1)
	}
}

func run(out *bufio.Writer) error {
	registry := &markers.Registry{}
	if err := (crd.Generator{}).RegisterMarkers(registry); err != nil {
		return err
	}
	fmt.Fprintln(out, "# What the CRDs of Flux's Go types say; recorded by `cargo xtask record`, from:")
	for _, want := range wanted {
		fmt.Fprintf(out, "# %s %s\n", want.module, moduleVersion(want.module))
	}
	for _, want := range wanted {
		roots, err := loader.LoadRoots(want.path)
		if err != nil {
			return fmt.Errorf("load %s: %w", want.path, err)
		}
		parser := &crd.Parser{Collector: &markers.Collector{Registry: registry}, Checker: &loader.TypeChecker{}}
		crd.AddKnownTypes(parser)
		for _, root := range roots {
			parser.NeedPackage(root)
		}
		noDescriptions := 0
		parser.NeedCRDFor(want.kind, &noDescriptions)
		definition, found := parser.CustomResourceDefinitions[want.kind]
		if !found {
			return fmt.Errorf("%s has no kind %s", want.path, want.kind)
		}
		fmt.Fprintln(out)
		if err := describe(out, definition); err != nil {
			return err
		}
	}
	return nil
}

// describe writes the definition's own facts, then those of its schema.
func describe(out *bufio.Writer, definition apiext.CustomResourceDefinition) error {
	spec := definition.Spec
	name := spec.Names.Kind
	fact := func(key string, value any) error {
		text, err := compact(value)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(out, "%s %s=%s\n", name, key, text)
		return err
	}
	if err := fact("group", spec.Group); err != nil {
		return err
	}
	if err := fact("names", spec.Names); err != nil {
		return err
	}
	if err := fact("scope", spec.Scope); err != nil {
		return err
	}
	annotations := map[string]string{}
	for key, value := range definition.Annotations {
		if !strings.HasPrefix(key, "controller-gen.") {
			annotations[key] = value
		}
	}
	if err := fact("annotations", annotations); err != nil {
		return err
	}
	for _, version := range spec.Versions {
		if err := fact("version", map[string]any{
			"name": version.Name, "served": version.Served, "storage": version.Storage,
			"subresources": version.Subresources,
		}); err != nil {
			return err
		}
		for _, column := range version.AdditionalPrinterColumns {
			if err := fact("column", column); err != nil {
				return err
			}
		}
		raw, err := json.Marshal(version.Schema.OpenAPIV3Schema)
		if err != nil {
			return err
		}
		var tree map[string]any
		if err := json.Unmarshal(raw, &tree); err != nil {
			return err
		}
		if err := walk(out, name, "", tree); err != nil {
			return err
		}
	}
	return nil
}

// walk writes one line for the schema at path (its keywords but for children and description), then its children.
// Items are written as `path[]`, the values of a free-keyed map as `path{}`.
func walk(out *bufio.Writer, kind, path string, node map[string]any) error {
	keywords := map[string]any{}
	for key, value := range node {
		switch key {
		case "properties", "items", "additionalProperties", "description":
		case "x-kubernetes-validations":
			keywords[key] = rules(value)
		default:
			keywords[key] = value
		}
	}
	text, err := compact(keywords)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "%s .%s %s\n", kind, path, text); err != nil {
		return err
	}
	if properties, ok := node["properties"].(map[string]any); ok {
		names := make([]string, 0, len(properties))
		for name := range properties {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			child := name
			if path != "" {
				child = path + "." + name
			}
			if err := walk(out, kind, child, properties[name].(map[string]any)); err != nil {
				return err
			}
		}
	}
	if items, ok := node["items"].(map[string]any); ok {
		if err := walk(out, kind, path+"[]", items); err != nil {
			return err
		}
	}
	if values, ok := node["additionalProperties"].(map[string]any); ok {
		if err := walk(out, kind, path+"{}", values); err != nil {
			return err
		}
	}
	return nil
}

// rules keeps the expressions of CEL validations and drops their messages, which are prose.
func rules(validations any) []any {
	var kept []any
	for _, validation := range validations.([]any) {
		kept = append(kept, validation.(map[string]any)["rule"])
	}
	return kept
}

// compact is JSON with sorted keys and without HTML escapes.
func compact(value any) (string, error) {
	raw, err := json.Marshal(value)
	if err != nil {
		return "", err
	}
	var tree any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return "", err
	}
	var text strings.Builder
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(tree); err != nil {
		return "", err
	}
	return strings.TrimSuffix(text.String(), "\n"), nil
}
