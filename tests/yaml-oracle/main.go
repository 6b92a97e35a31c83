// The yaml-oracle answers what Go's YAML libraries make of an input, for tests of pintle-yaml.
//
// It reads requests from standard input and writes one answer for each. A request is a line "<verb> <length>" and
// that many bytes. An answer is a line "ok <length>" or "error <length>" and that many bytes. The verbs:
//
//	parse   YAML to the JSON of sigs.k8s.io/yaml.Unmarshal into an interface{}
//	strict  the same by UnmarshalStrict
//	map     the same into a map[string]interface{}
//	typed   YAML to JSON by sigs.k8s.io/yaml.YAMLToJSON
//	v2      JSON (numbers with a point or an exponent are float64, others int64) to YAML by sigs.k8s.io/yaml.Marshal
//	v3      the same by go.yaml.in/yaml/v3 with an indentation of two
//	again   YAML to YAML: parse, then v2
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	yaml3 "go.yaml.in/yaml/v3"
	"sigs.k8s.io/yaml"
)

func main() {
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	for {
		var verb string
		var length int
		if _, err := fmt.Fscanf(in, "%s %d\n", &verb, &length); err != nil {
			return
		}
		data := make([]byte, length)
		if _, err := io.ReadFull(in, data); err != nil {
			return
		}
		answer, err := answer(verb, data)
		state := "ok"
		if err != nil {
			state, answer = "error", []byte(err.Error())
		}
		fmt.Fprintf(out, "%s %d\n", state, len(answer))
		out.Write(answer)
		if in.Buffered() == 0 {
			out.Flush()
		}
	}
}

func answer(verb string, data []byte) (result []byte, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	switch verb {
	case "parse", "strict":
		var value any
		unmarshal := yaml.Unmarshal
		if verb == "strict" {
			unmarshal = yaml.UnmarshalStrict
		}
		if err := unmarshal(data, &value); err != nil {
			return nil, err
		}
		return json.Marshal(value)
	case "map":
		value := map[string]any{}
		if err := yaml.Unmarshal(data, &value); err != nil {
			return nil, err
		}
		return json.Marshal(value)
	case "typed":
		return yaml.YAMLToJSON(data)
	case "v2", "v3":
		value, err := fromJSON(data)
		if err != nil {
			return nil, fmt.Errorf("request: %w", err)
		}
		if verb == "v2" {
			return yaml.Marshal(value)
		}
		var out bytes.Buffer
		encoder := yaml3.NewEncoder(&out)
		encoder.SetIndent(2)
		if err := encoder.Encode(value); err != nil {
			return nil, err
		}
		return out.Bytes(), nil
	case "again":
		var value any
		if err := yaml.Unmarshal(data, &value); err != nil {
			return nil, err
		}
		return yaml.Marshal(value)
	}
	return nil, fmt.Errorf("unknown verb %s", verb)
}

func fromJSON(data []byte) (any, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	return typed(value)
}

func typed(value any) (any, error) {
	var err error
	switch value := value.(type) {
	case json.Number:
		if !strings.ContainsAny(string(value), ".eE") {
			if whole, err := value.Int64(); err == nil {
				return whole, nil
			}
		}
		return value.Float64()
	case []any:
		for i := range value {
			if value[i], err = typed(value[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range value {
			if value[key], err = typed(value[key]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}
