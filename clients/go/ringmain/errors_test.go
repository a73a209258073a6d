package ringmain_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// failed returns what a call gives that the gateway ends like this.
func failed(t *testing.T, code codes.Code, message string, details ...protoadapt.MessageV1) *ringmain.Error {
	t.Helper()
	st, err := status.New(code, message).WithDetails(details...)
	if err != nil {
		t.Fatal(err)
	}
	client := dial(t, &fake.Gateway{OnChat: func(context.Context, *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		return nil, st.Err()
	}}, ringmain.WithMaxAttempts(1))
	var got *ringmain.Error
	if _, err := client.Chat(t.Context(), ringmain.Ask("?")); !errors.As(err, &got) {
		t.Fatalf("not an error of the client: %v", err)
	}
	return got
}

func info(reason string) *errdetails.ErrorInfo {
	return &errdetails.ErrorInfo{Domain: "ringmain.v1", Reason: reason, Metadata: map[string]string{"response_id": "r-7"}}
}

func TestEveryReasonOfTheContractHasItsKind(t *testing.T) {
	parents := map[string]error{
		"CONTEXT_TOO_LONG": ringmain.ErrInvalidRequest, "MEDIA_INVALID": ringmain.ErrInvalidRequest,
		"BUDGET_EXCEEDED": ringmain.ErrRateLimited, "OVERLOADED": ringmain.ErrRateLimited,
		"RATE_LIMITED": ringmain.ErrRateLimited, "PROVIDERS_RATE_LIMITED": ringmain.ErrRateLimited,
		"STREAM_INTERRUPTED": ringmain.ErrStreamInterrupted, "MODEL_OUTPUT_INVALID": ringmain.ErrModelOutputInvalid,
		"DEADLINE_EXCEEDED": context.DeadlineExceeded, "METHOD_NOT_SERVED": ringmain.ErrCapabilityMissing,
		"RESOURCE_NOT_FOUND": ringmain.ErrNotFound, "LIMITS_UNAVAILABLE": ringmain.ErrUnavailable, "ISSUER_UNAVAILABLE": ringmain.ErrUnavailable,
	}
	for number, name := range ringmainv1.ErrorReason_name {
		if number == 0 {
			continue
		}
		reason := strings.TrimPrefix(name, "ERROR_REASON_")
		err := failed(t, codes.Unknown, "m", info(reason))
		if err.Reason != reason || err.ErrorReason() != ringmainv1.ErrorReason(number) || err.Unwrap() == nil {
			t.Errorf("%s: %v", reason, err)
		}
		if parent := parents[reason]; parent != nil && !errors.Is(err, parent) {
			t.Errorf("%s is not its parent", reason)
		}
	}
}

func TestDetailsAreTold(t *testing.T) {
	err := failed(t, codes.InvalidArgument, "two fields", info("INVALID_FIELD"),
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "messages[0]", Description: "is empty"}, {Field: "model", Description: "is unset"},
		}},
		&errdetails.DebugInfo{},
	)
	want := "INVALID_FIELD: two fields; messages[0]: is empty; model: is unset (retry in 1.5s)"
	if err.Error() != want || err.ResponseID() != "r-7" || !err.HasRetryDelay || err.RetryDelay != 1500*time.Millisecond {
		t.Errorf("%+v", err)
	}
	if status.Code(err) != codes.InvalidArgument || len(status.Convert(err).Details()) != 4 {
		t.Error("gRPC's own functions do not know the error")
	}
}

func TestACodeWithoutReasonHasItsKind(t *testing.T) {
	for code, kind := range map[codes.Code]error{
		codes.InvalidArgument:   ringmain.ErrInvalidRequest,
		codes.NotFound:          ringmain.ErrNotFound,
		codes.Unimplemented:     ringmain.ErrCapabilityMissing,
		codes.Unauthenticated:   ringmain.ErrUnauthenticated,
		codes.PermissionDenied:  ringmain.ErrPermissionDenied,
		codes.ResourceExhausted: ringmain.ErrInvalidRequest,
		codes.Unavailable:       ringmain.ErrUnavailable,
		codes.Aborted:           ringmain.ErrStreamInterrupted,
		codes.Canceled:          ringmain.ErrCancelled,
		codes.Internal:          ringmain.ErrInternal,
	} {
		if err := failed(t, code, "m"); !errors.Is(err, kind) || err.Code != code || err.Reason != "" {
			t.Errorf("%s: %v", code, err)
		}
	}
	if got := failed(t, codes.AlreadyExists, "m"); got.Unwrap() != nil || got.Error() != "ALREADY_EXISTS: m" {
		t.Error(got)
	}
}

func TestReasonsOfOtherDomainsAndNewerOnesAreNotTakenForOurs(t *testing.T) {
	foreign := &errdetails.ErrorInfo{Domain: "proxy.example", Reason: "RATE_LIMITED"}
	if err := failed(t, codes.Unavailable, "m", foreign); err.Reason != "" || !errors.Is(err, ringmain.ErrUnavailable) {
		t.Error(err)
	}
	foreign.Reason = "OVERLOADED"
	if err := failed(t, codes.ResourceExhausted, "m", foreign); !errors.Is(err, ringmain.ErrRateLimited) {
		t.Error(err)
	}
	err := failed(t, codes.NotFound, "m", info("LATER_THAN_THIS"))
	if err.Reason != "LATER_THAN_THIS" || !errors.Is(err, ringmain.ErrNotFound) ||
		err.ErrorReason() != ringmainv1.ErrorReason_ERROR_REASON_UNSPECIFIED {
		t.Error(err)
	}
}

func TestKindsHaveNames(t *testing.T) {
	if got := ringmain.ErrContextTooLong.Error(); got != "context too long" {
		t.Error(got)
	}
}

func TestRawStreamsTellErrorsToo(t *testing.T) {
	client := dial(t, &fake.Gateway{})
	stream, err := client.ChatService.StreamChat(t.Context(), ringmain.Ask("?"))
	if err != nil {
		t.Fatal(err)
	}
	_, _ = stream.Header()
	_, err = stream.Recv()
	var got *ringmain.Error
	if !errors.As(err, &got) || got.Code != codes.Unimplemented {
		t.Error(err)
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = client.ChatService.StreamChat(cancelled, ringmain.Ask("?")); !errors.Is(err, ringmain.ErrCancelled) {
		t.Error(err)
	}
	if _, err = client.Stream(cancelled, ringmain.Ask("?")).Text(); !errors.Is(err, ringmain.ErrCancelled) {
		t.Error(err)
	}
}
