package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	_ "unsafe" // for go:linkname

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/cli-runtime/pkg/resource"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"helm.sh/helm/v4/pkg/kube"
)

// readyRequest asks whether the waiter of `--wait=legacy` takes an object for ready.
type readyRequest struct {
	Object json.RawMessage `json:"object"`
	// Others are in the cluster beside it.
	Others []json.RawMessage `json:"others"`
	// Jobs is whether Jobs have to be complete.
	Jobs bool `json:"jobs"`
}

// The checker reads CRDs by another client than the one that it is given.
//
//go:linkname crdReady helm.sh/helm/v4/pkg/kube.(*ReadyChecker).crdReady
func crdReady(c *kube.ReadyChecker, crd apiextensionsv1.CustomResourceDefinition) bool

func ready(r readyRequest) answer {
	object, _, err := serializer.NewCodecFactory(builtIn()).UniversalDeserializer().Decode(r.Object, nil, nil)
	if err != nil {
		return answer{Err: err.Error()}
	}
	about, err := meta.Accessor(object)
	if err != nil {
		return answer{Err: err.Error()}
	}
	server := httptest.NewServer(cluster(append([]json.RawMessage{r.Object}, r.Others...)))
	defer server.Close()
	client, err := kubernetes.NewForConfig(&rest.Config{Host: server.URL, QPS: -1})
	if err != nil {
		return answer{Err: err.Error()}
	}
	checker := kube.NewReadyChecker(client, kube.PausedAsReady(true), kube.CheckJobs(r.Jobs))
	if crd, ok := object.(*apiextensionsv1.CustomResourceDefinition); ok {
		return said(crdReady(&checker, *crd), nil)
	}
	info := resource.Info{Object: object, Name: about.GetName(), Namespace: about.GetNamespace()}
	return said(checker.IsReady(context.Background(), &info))
}

func said(is bool, err error) answer {
	if err != nil {
		return answer{Err: err.Error()}
	}
	text := fmt.Sprint(is)
	return answer{Out: &text}
}

// cluster answers reads of these objects, and of lists of them by label.
type cluster []json.RawMessage

func (c cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	list := map[string]any{"apiVersion": "v1", "kind": "PodList"}
	if strings.HasSuffix(r.URL.Path, "/replicasets") {
		list = map[string]any{"apiVersion": "apps/v1", "kind": "ReplicaSetList"}
	}
	items := []json.RawMessage{}
	for _, raw := range c {
		var o struct {
			APIVersion string `json:"apiVersion"`
			Kind       string `json:"kind"`
			Metadata   struct {
				Name      string            `json:"name"`
				Namespace string            `json:"namespace"`
				Labels    map[string]string `json:"labels"`
			} `json:"metadata"`
		}
		if err := json.Unmarshal(raw, &o); err != nil {
			panic(err)
		}
		root := "/apis/"
		if !strings.Contains(o.APIVersion, "/") {
			root = "/api/"
		}
		path := root + o.APIVersion + "/namespaces/" + o.Metadata.Namespace + "/" + strings.ToLower(o.Kind) + "s"
		if r.URL.Path == path+"/"+o.Metadata.Name {
			w.Write(raw)
			return
		}
		if r.URL.Path == path && selector.Matches(labels.Set(o.Metadata.Labels)) {
			items = append(items, raw)
		}
	}
	list["items"] = items
	json.NewEncoder(w).Encode(list)
}
