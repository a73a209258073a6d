package ringmain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

const domain = "ringmain.v1"

// Kinds of [*Error], for [errors.Is]. Which one an error is of is decided by the gateway's reason where it
// gave one, else by the status code, so that answers of proxies are sorted too.
var (
	// ErrInvalidRequest: the request breaks a rule or is too large; a repeat fails again.
	ErrInvalidRequest = errors.New("invalid request")
	// ErrContextTooLong: the input is longer than every candidate's context. Also an ErrInvalidRequest.
	ErrContextTooLong = kind("context too long", ErrInvalidRequest)
	// ErrMediaInvalid: media cannot be read, or is not taken. Also an ErrInvalidRequest.
	ErrMediaInvalid = kind("media invalid", ErrInvalidRequest)
	// ErrNotFound: no such model, nothing serves it, or no such thing.
	ErrNotFound = errors.New("not found")
	// ErrCapabilityMissing: the model, or the gateway, cannot do what the request needs, or does not serve the method.
	ErrCapabilityMissing = errors.New("capability missing")
	// ErrContentFiltered: the provider's safety system refused the request.
	ErrContentFiltered = errors.New("content filtered")
	// ErrUnauthenticated: the token is missing or wrong.
	ErrUnauthenticated = errors.New("unauthenticated")
	// ErrPermissionDenied: the token is good, but not for this model or method.
	ErrPermissionDenied = errors.New("permission denied")
	// ErrRateLimited: over a limit; RetryDelay says when to come back.
	ErrRateLimited = errors.New("rate limited")
	// ErrBudgetExceeded: the budget is spent. Also an ErrRateLimited.
	ErrBudgetExceeded = kind("budget exceeded", ErrRateLimited)
	// ErrOverloaded: the gateway itself is at capacity. Also an ErrRateLimited.
	ErrOverloaded = kind("overloaded", ErrRateLimited)
	// ErrUnavailable: the gateway cannot be reached, or every candidate failed.
	ErrUnavailable = errors.New("unavailable")
	// ErrStreamInterrupted: the stream broke after content was sent; Stream.Partial has what came before.
	ErrStreamInterrupted = errors.New("stream interrupted")
	// ErrModelOutputInvalid: the model wrote what cannot be used, such as a malformed tool call. Asking again may help.
	ErrModelOutputInvalid = errors.New("model output invalid")
	// ErrDeadlineExceeded: the call took longer than its deadline. Also a context.DeadlineExceeded.
	ErrDeadlineExceeded = kind("deadline exceeded", context.DeadlineExceeded)
	// ErrCancelled: the call was cancelled. Also a context.Canceled.
	ErrCancelled = kind("cancelled", context.Canceled)
	// ErrInternal: a fault of the gateway, whose log has the rest under the response id.
	ErrInternal = errors.New("internal error")
)

var byReason = map[string]error{
	"INVALID_FIELD":          ErrInvalidRequest,
	"PROVIDER_REJECTED":      ErrInvalidRequest,
	"CONTEXT_TOO_LONG":       ErrContextTooLong,
	"MEDIA_INVALID":          ErrMediaInvalid,
	"MODEL_NOT_FOUND":        ErrNotFound,
	"RESOURCE_NOT_FOUND":     ErrNotFound,
	"CAPABILITY_MISSING":     ErrCapabilityMissing,
	"METHOD_NOT_SERVED":      ErrCapabilityMissing,
	"CONTENT_FILTERED":       ErrContentFiltered,
	"CREDENTIALS_INVALID":    ErrUnauthenticated,
	"NOT_ALLOWED":            ErrPermissionDenied,
	"RATE_LIMITED":           ErrRateLimited,
	"PROVIDERS_RATE_LIMITED": ErrRateLimited,
	"BUDGET_EXCEEDED":        ErrBudgetExceeded,
	"OVERLOADED":             ErrOverloaded,
	"PROVIDERS_UNAVAILABLE":  ErrUnavailable,
	"LIMITS_UNAVAILABLE":     ErrUnavailable,
	"ISSUER_UNAVAILABLE":     ErrUnavailable,
	"STORE_UNAVAILABLE":      ErrUnavailable,
	"SHUTTING_DOWN":          ErrUnavailable,
	"STREAM_INTERRUPTED":     ErrStreamInterrupted,
	"MODEL_OUTPUT_INVALID":   ErrModelOutputInvalid,
	"DEADLINE_EXCEEDED":      ErrDeadlineExceeded,
	"INTERNAL":               ErrInternal,
}

var byCode = map[codes.Code]error{
	codes.InvalidArgument:   ErrInvalidRequest,
	codes.OutOfRange:        ErrInvalidRequest,
	codes.NotFound:          ErrNotFound,
	codes.Unimplemented:     ErrCapabilityMissing,
	codes.Unauthenticated:   ErrUnauthenticated,
	codes.PermissionDenied:  ErrPermissionDenied,
	codes.ResourceExhausted: ErrRateLimited,
	codes.Unavailable:       ErrUnavailable,
	codes.Aborted:           ErrStreamInterrupted,
	codes.DataLoss:          ErrStreamInterrupted,
	codes.DeadlineExceeded:  ErrDeadlineExceeded,
	codes.Canceled:          ErrCancelled,
	codes.Internal:          ErrInternal,
}

// A Violation is a field of the request that breaks a rule.
type Violation struct {
	Field       string // its path, such as messages[2].parts[0].media
	Description string // what is wrong with it
}

// An Error is a failed call.
//
//	var failed *ringmain.Error
//	if errors.As(err, &failed) && errors.Is(err, ringmain.ErrRateLimited) {
//		time.Sleep(failed.RetryDelay)
//	}
type Error struct {
	// Code is the gRPC status code.
	Code codes.Code
	// Message says what happened, for people.
	Message string
	// Reason is the gateway's, such as PROVIDERS_UNAVAILABLE. It is empty if the status came from elsewhere:
	// gRPC itself, or a proxy.
	Reason string
	// Metadata is what the reason is about, such as the model.
	Metadata map[string]string
	// RetryDelay is how long to wait before a repeat has a chance, if HasRetryDelay.
	RetryDelay time.Duration
	// HasRetryDelay is whether the gateway named a delay.
	HasRetryDelay bool
	// Violations are the fields that break a rule.
	Violations []Violation

	kind   error
	status *status.Status
}

// Error says reason, message, violations and delay in one line.
func (e *Error) Error() string {
	var line strings.Builder
	name := e.Reason
	if name == "" {
		name = code.Code(int32(e.Code)).String()
	}
	fmt.Fprintf(&line, "%s: %s", name, e.Message)
	for _, violation := range e.Violations {
		fmt.Fprintf(&line, "; %s: %s", violation.Field, violation.Description)
	}
	if e.HasRetryDelay {
		fmt.Fprintf(&line, " (retry in %s)", e.RetryDelay)
	}
	return line.String()
}

// ResponseID is the gateway's name for the call, to be found in its log. It is empty if the gateway gave none.
func (e *Error) ResponseID() string { return e.Metadata["response_id"] }

// ErrorReason is the reason as the enum of the contract; UNSPECIFIED if it is empty or newer than this client.
func (e *Error) ErrorReason() ringmainv1.ErrorReason {
	return ringmainv1.ErrorReason(ringmainv1.ErrorReason_value["ERROR_REASON_"+e.Reason])
}

// Unwrap returns the error's kind, such as [ErrRateLimited].
func (e *Error) Unwrap() error { return e.kind }

// GRPCStatus returns the status as it came, for [status.FromError].
func (e *Error) GRPCStatus() *status.Status { return e.status }

// errorOf returns a call's error as an *Error. nil and io.EOF, which ends a stream, stay as they are.
func errorOf(err error) error {
	var known *Error
	if err == nil || err == io.EOF || errors.As(err, &known) {
		return err
	}
	st, is := status.FromError(err)
	if !is {
		st = status.FromContextError(err)
	}
	return newError(st)
}

func newError(st *status.Status) *Error {
	e := &Error{Code: st.Code(), Message: st.Message(), status: st}
	details := st.Details()
	for _, detail := range details {
		e.take(detail)
	}
	e.kind = e.kindOf(slices.ContainsFunc(details, isInfo))
	return e
}

// kindOf returns the error's kind. Without an ErrorInfo, RESOURCE_EXHAUSTED is gRPC's own: a message is larger than
// the gateway or this client takes.
func (e *Error) kindOf(informed bool) error {
	if kind := byReason[e.Reason]; kind != nil {
		return kind
	}
	if e.Code == codes.ResourceExhausted && !informed {
		return ErrInvalidRequest
	}
	return byCode[e.Code]
}

func isInfo(detail any) bool {
	_, is := detail.(*errdetails.ErrorInfo)
	return is
}

func (e *Error) take(detail any) {
	switch detail := detail.(type) {
	case *errdetails.ErrorInfo:
		if detail.GetDomain() == domain {
			e.Reason, e.Metadata = detail.GetReason(), detail.GetMetadata()
		}
	case *errdetails.RetryInfo:
		if delay := detail.GetRetryDelay(); delay != nil {
			e.RetryDelay, e.HasRetryDelay = delay.AsDuration(), true
		}
	case *errdetails.BadRequest:
		for _, violation := range detail.GetFieldViolations() {
			e.Violations = append(e.Violations, Violation{violation.GetField(), violation.GetDescription()})
		}
	}
}

type subkind struct {
	name   string
	parent error
}

func kind(name string, parent error) error { return &subkind{name, parent} }

func (k *subkind) Error() string { return k.name }
func (k *subkind) Unwrap() error { return k.parent }
