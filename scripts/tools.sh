#!/bin/sh
# Builds the tools that the gateway and deploy/ are tried with, at pinned versions, into the folder $1. Those that are
# there stay. Without Go it says so, and fails only under RINGMAIN_REQUIRE_ALL=1.
set -eu
mkdir -p "$1"
folder=$(cd "$1" && pwd)

if ! command -v go >/dev/null; then
	echo "The tools that tests call are not built: that needs go." >&2
	[ "${RINGMAIN_REQUIRE_ALL:-}" != 1 ]
	exit
fi

tool() { # name, module@version
	stamp="$folder/.$1-${2##*@}"
	[ -e "$stamp" ] && return
	echo "Building $1 ${2##*@}"
	GOBIN="$folder" GOFLAGS=-trimpath go install "$2"
	[ -e "$folder/$1" ] || mv "$folder/$(basename "${2%@*}")" "$folder/$1"
	touch "$stamp"
}

tool grpcurl github.com/fullstorydev/grpcurl/cmd/grpcurl@v1.9.3
tool ghz github.com/bojand/ghz/cmd/ghz@v0.121.0
tool grpc-health-probe github.com/grpc-ecosystem/grpc-health-probe@v0.4.40
tool kustomize sigs.k8s.io/kustomize/kustomize/v5@v5.7.1
tool helm helm.sh/helm/v3/cmd/helm@v3.22.0
tool compose-go github.com/compose-spec/compose-go/v2/cmd@v2.16.2
