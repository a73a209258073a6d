package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"strings"
	"time"
	"unicode"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/ringmain/ringmain/clients/go/ringmain"
)

// question is a case to carry out.
type question struct {
	ID          string            `json:"id"`
	Target      string            `json:"target"`
	Method      string            `json:"method"`
	Request     []byte            `json:"request"`
	DeadlineMS  *int64            `json:"deadline_ms"`
	CancelAfter *int              `json:"cancel_after"`
	Metadata    map[string]string `json:"metadata"`
	Token       string            `json:"token"`
	MaxBytes    int               `json:"max_message_bytes"`
}

// answer is what came of it.
type answer struct {
	ID           string            `json:"id"`
	Responses    [][]byte          `json:"responses"`
	Folded       []byte            `json:"folded"`
	Read         *read             `json:"read"`
	Status       string            `json:"status"`
	Message      string            `json:"message"`
	Kind         string            `json:"kind"`
	Reason       string            `json:"reason"`
	RetryDelayMS *int64            `json:"retry_delay_ms"`
	Violations   []string          `json:"violations"`
	Metadata     map[string]string `json:"metadata"`

	chat   *ringmain.Answer // whole
	stream *ringmain.Stream // of a chat
}

// read is what the client reads from a chat's answer.
type read struct {
	Text              string   `json:"text"`
	Sources           []string `json:"sources"`
	ToolCalls         []string `json:"tool_calls"`
	ProviderToolCalls []string `json:"provider_tool_calls"`
	MustContinue      bool     `json:"must_continue"`
}

// cancelDelay is when a call is cancelled whose case says to do so after no message.
const cancelDelay = time.Second

func carryOut(client *ringmain.Client, asked *question) *answer {
	answered := &answer{ID: asked.ID, Status: "OK", Responses: [][]byte{}, Violations: []string{}, Metadata: map[string]string{}}
	ctx, cancel := asked.context()
	defer cancel()
	defer answered.readChat()
	var header, trailer metadata.MD
	messages, err := call(ctx, client, asked, answered, grpc.Header(&header), grpc.Trailer(&trailer))
	if err != nil {
		answered.fail(err)
		return answered
	}
	for message, err := range messages {
		if err != nil {
			answered.fail(err)
			break
		}
		encoded, err := proto.Marshal(message)
		if err != nil {
			answered.fail(err)
			break
		}
		answered.Responses = append(answered.Responses, encoded)
		if asked.CancelAfter != nil && *asked.CancelAfter == len(answered.Responses) {
			// Leaving the loop cancels, and gRPC may still be writing header and trailer: they stay untold.
			answered.Status = code.Code_CANCELLED.String()
			return answered
		}
	}
	if ctx.Err() == nil { // Else gRPC may still be writing both.
		answered.tell(header)
		answered.tell(trailer)
	}
	return answered
}

func (q *question) context() (context.Context, context.CancelFunc) {
	ctx := metadata.NewOutgoingContext(context.Background(), metadata.New(q.Metadata))
	ctx, cancel := context.WithCancel(ctx)
	if q.CancelAfter != nil && *q.CancelAfter == 0 {
		time.AfterFunc(cancelDelay, cancel)
	}
	if q.DeadlineMS == nil {
		return ctx, cancel
	}
	ctx, release := context.WithTimeout(ctx, time.Duration(*q.DeadlineMS)*time.Millisecond)
	return ctx, func() { release(); cancel() }
}

// readChat tells what the client makes of a chat's answer.
func (a *answer) readChat() {
	if a.stream != nil {
		folded := a.stream.Partial()
		encoded, err := proto.Marshal(folded.ChatResponse)
		if err != nil {
			a.fail(err)
		}
		a.chat, a.Folded = &folded, encoded
	}
	if a.chat == nil {
		return
	}
	a.Read = &read{
		Text: a.chat.Text(), Sources: []string{}, ToolCalls: []string{}, ProviderToolCalls: []string{},
		MustContinue: a.chat.MustContinue(),
	}
	for _, source := range a.chat.Sources() {
		a.Read.Sources = append(a.Read.Sources, cmp.Or(source.GetUri(), source.GetFilename()))
	}
	for _, call := range a.chat.ToolCalls() {
		a.Read.ToolCalls = append(a.Read.ToolCalls, call.GetToolCallId())
	}
	for _, call := range a.chat.ProviderToolCalls() {
		a.Read.ProviderToolCalls = append(a.Read.ProviderToolCalls, call.GetToolCallId())
	}
}

func (a *answer) fail(err error) {
	var failed *ringmain.Error
	if !errors.As(err, &failed) {
		a.Status, a.Message = code.Code_UNKNOWN.String(), fmt.Sprintf("not an error of the client: %v", err)
		return
	}
	a.Status, a.Message, a.Reason = code.Code(int32(failed.Code)).String(), failed.Message, failed.Reason
	if kind := failed.Unwrap(); kind != nil {
		a.Kind = strings.ReplaceAll(kind.Error(), " ", "_")
	}
	if failed.HasRetryDelay {
		delay := failed.RetryDelay.Milliseconds()
		a.RetryDelayMS = &delay
	}
	for _, violation := range failed.Violations {
		a.Violations = append(a.Violations, violation.Field)
	}
}

func (a *answer) tell(md metadata.MD) {
	for key, values := range maps.All(md) {
		value := strings.Join(values, ",")
		if !strings.HasSuffix(key, "-bin") && !strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsPrint(r) }) {
			a.Metadata[key] = value
		}
	}
}

type messages = iter.Seq2[proto.Message, error]
