{{- define "growing.name" -}}
{{- printf "%s-%s-%d" .root.Release.Name .root.Chart.Name .index | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "growing.labels" -}}
app.kubernetes.io/name: {{ .root.Chart.Name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
{{- with .root.Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
