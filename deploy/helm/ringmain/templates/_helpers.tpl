{{- define "ringmain.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 53 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 53 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "ringmain.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "ringmain.labels" -}}
{{ include "ringmain.selector" . }}
app.kubernetes.io/part-of: ringmain
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{/* The configuration, with the drain that the pod's grace is computed from. */}}
{{- define "ringmain.config" -}}
{{- $drain := dict "drain_delay" (printf "%ds" (int .Values.drain.delay)) "stream_grace" (printf "%ds" (int .Values.drain.streamGrace)) -}}
{{- $tls := include "ringmain.tls" . | fromYaml -}}
{{- $server := merge $drain $tls (default dict .Values.config.server) -}}
{{- toYaml (merge (dict "server" $server) .Values.config) -}}
{{- end -}}

{{/* server.tls, with the files of the Secret as they are mounted. */}}
{{- define "ringmain.tls" -}}
{{- with .Values.tls }}{{ if .enabled -}}
tls:
  cert: /etc/ringmain-tls/tls.crt
  key: /etc/ringmain-tls/tls.key
  {{- if .clientCa }}
  client_ca: /etc/ringmain-tls/ca.crt
  {{- end }}
{{- end }}{{ end -}}
{{- end -}}

{{- define "ringmain.tlsSecret" -}}
{{- default (printf "%s-tls" (include "ringmain.fullname" .)) .Values.tls.secretName -}}
{{- end -}}

{{/* The name by which the pod calls itself; each certificate must have it. */}}
{{- define "ringmain.tlsName" -}}
{{- default (printf "%s.%s.svc" (include "ringmain.fullname" .) .Release.Namespace) .Values.tls.name -}}
{{- end -}}

{{/* The variable with the address of the database. */}}
{{- define "ringmain.storageUrl" -}}
- name: RINGMAIN_STORAGE__URL
  valueFrom:
    secretKeyRef: {name: {{ include "ringmain.keysSecret" . }}, key: url}
{{- end -}}

{{- define "ringmain.keysSecret" -}}
{{- default (printf "%s-keys" (include "ringmain.fullname" .)) .Values.keys.secretName -}}
{{- end -}}

{{- define "ringmain.clients" -}}
- podSelector:
    matchLabels: {{- dict .name .value | toYaml | nindent 6 }}
- namespaceSelector:
    matchLabels: {{- dict .name .value | toYaml | nindent 6 }}
  podSelector:
    matchLabels: {{- dict .name .value | toYaml | nindent 6 }}
{{- end -}}
