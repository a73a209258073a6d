package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

func ptr[T any](value T) *T { return &value }

// drive runs the driver over questions and returns its answers by id.
func drive(t *testing.T, asked ...question) map[string]answer {
	t.Helper()
	var in, out bytes.Buffer
	for _, one := range asked {
		if err := json.NewEncoder(&in).Encode(one); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(&in, &out); err != nil {
		t.Fatal(err)
	}
	answers := map[string]answer{}
	for decoder := json.NewDecoder(&out); decoder.More(); {
		var one answer
		if err := decoder.Decode(&one); err != nil {
			t.Fatal(err)
		}
		answers[one.ID] = one
	}
	return answers
}

func encoded(t *testing.T, message proto.Message) []byte {
	t.Helper()
	data, err := proto.Marshal(message)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestEveryMethod(t *testing.T) {
	model := func(got string) {
		if got != "m" {
			t.Errorf("model %q", got)
		}
	}
	target := fake.Start(t, &fake.Gateway{
		OnChat: func(_ context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
			model(r.GetModel())
			return &ringmainv1.ChatResponse{ResponseId: "r"}, nil
		},
		OnStream: func(r *ringmainv1.ChatRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
			model(r.GetModel())
			return fake.Send(s, fake.Text("é", "🙂")...)
		},
		OnCountTokens: func(r *ringmainv1.CountTokensRequest) (*ringmainv1.CountTokensResponse, error) {
			model(r.GetChat().GetModel())
			return &ringmainv1.CountTokensResponse{InputTokenCount: 1}, nil
		},
		OnAnalyze: func(r *ringmainv1.AnalyzeImagesRequest) (*ringmainv1.ChatResponse, error) {
			model(r.GetModel())
			return &ringmainv1.ChatResponse{}, nil
		},
		OnStreamAnalyze: func(r *ringmainv1.AnalyzeImagesRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
			return fake.Send(s, fake.Text()...)
		},
		OnGenerate: func(*ringmainv1.GenerateImagesRequest) (*ringmainv1.GenerateImagesResponse, error) {
			return &ringmainv1.GenerateImagesResponse{}, nil
		},
		OnStreamImages: func(_ *ringmainv1.StreamImagesRequest, s grpc.ServerStreamingServer[ringmainv1.ImageEvent]) error {
			return s.Send(&ringmainv1.ImageEvent{Event: &ringmainv1.ImageEvent_Finished{Finished: &ringmainv1.ImageFinished{}}})
		},
		OnEmbed: func(*ringmainv1.EmbedRequest) (*ringmainv1.EmbedResponse, error) {
			return &ringmainv1.EmbedResponse{}, nil
		},
		OnListModels: func(*ringmainv1.ListModelsRequest) (*ringmainv1.ListModelsResponse, error) {
			return &ringmainv1.ListModelsResponse{}, nil
		},
		OnServerInfo: func(*ringmainv1.GetServerInfoRequest) (*ringmainv1.GetServerInfoResponse, error) {
			return &ringmainv1.GetServerInfoResponse{}, nil
		},
	})
	chat := &ringmainv1.ChatRequest{Model: "m"}
	requests := map[string]proto.Message{
		"Chat": chat, "StreamChat": chat, "CountTokens": &ringmainv1.CountTokensRequest{Chat: chat},
		"AnalyzeImages":       &ringmainv1.AnalyzeImagesRequest{Model: "m"},
		"StreamAnalyzeImages": &ringmainv1.AnalyzeImagesRequest{Model: "m"},
		"GenerateImages":      &ringmainv1.GenerateImagesRequest{},
		"StreamImages":        &ringmainv1.StreamImagesRequest{},
		"Embed":               &ringmainv1.EmbedRequest{},
		"ListModels":          &ringmainv1.ListModelsRequest{},
		"GetServerInfo":       &ringmainv1.GetServerInfoRequest{},
	}
	counts := map[string]int{"StreamChat": 5, "StreamAnalyzeImages": 3}
	var asked []question
	for method, request := range requests {
		asked = append(asked, question{ID: method, Target: target, Method: method, Request: encoded(t, request)})
	}
	asked = append(asked, question{ID: "large", Target: target, Method: "Chat", Request: encoded(t, chat), MaxBytes: 1})
	answers := drive(t, asked...)
	if answers["large"].Kind != "invalid_request" {
		t.Errorf("%+v", answers["large"])
	}
	for method := range requests {
		got := answers[method]
		if want := max(counts[method], 1); got.Status != "OK" || len(got.Responses) != want {
			t.Errorf("%s: %+v, want %d responses", method, got, want)
		}
	}
	var event ringmainv1.ChatEvent
	var folded ringmainv1.ChatResponse
	if err := proto.Unmarshal(answers["StreamChat"].Folded, &folded); err != nil || folded.GetMessage().GetParts()[0].GetText() != "é🙂" {
		t.Errorf("%v %v", &folded, err)
	}
	if err := proto.Unmarshal(answers["StreamChat"].Responses[3], &event); err != nil || event.GetPartDelta().GetText() != "🙂" {
		t.Errorf("%v %v", &event, err)
	}
}

func TestErrorDetailsAndMetadata(t *testing.T) {
	target := fake.Start(t, &fake.Gateway{
		OnChat: func(ctx context.Context, _ *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
			md, _ := metadata.FromIncomingContext(ctx)
			seen := strings.Join(append(md.Get("x-case"), md.Get("authorization")...), "|")
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-seen", seen, "x-raw-bin", "\x00"))
			st, err := status.New(codes.ResourceExhausted, "slow down").WithDetails(
				&errdetails.ErrorInfo{Domain: "ringmain.v1", Reason: "RATE_LIMITED"},
				&errdetails.RetryInfo{RetryDelay: durationpb.New(1500 * time.Millisecond)},
				&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: "a.b"}}},
			)
			if err != nil {
				t.Error(err)
			}
			return nil, st.Err()
		},
	})
	got := drive(t, question{
		ID: "1", Target: target, Method: "Chat", Metadata: map[string]string{"x-case": "7"}, Token: "secret",
	})["1"]
	if got.Status != "RESOURCE_EXHAUSTED" || got.Message != "slow down" || got.Kind != "rate_limited" || got.Reason != "RATE_LIMITED" ||
		*got.RetryDelayMS != 1500 || len(got.Violations) != 1 || got.Violations[0] != "a.b" {
		t.Errorf("%+v", got)
	}
	if got.Metadata["x-seen"] != "7|Bearer secret" || got.Metadata["x-raw-bin"] != "" {
		t.Errorf("%v", got.Metadata)
	}
}

func TestDeadlineAndCancellation(t *testing.T) {
	ended := make(chan error, 3)
	target := fake.Start(t, &fake.Gateway{
		OnStream: func(_ *ringmainv1.ChatRequest, s grpc.ServerStreamingServer[ringmainv1.ChatEvent]) error {
			_ = fake.Send(s, fake.Text("one")[:3]...)
			<-s.Context().Done()
			ended <- s.Context().Err()
			return s.Context().Err()
		},
	})
	answers := drive(t,
		question{ID: "deadline", Target: target, Method: "StreamChat", DeadlineMS: ptr(int64(200))},
		question{ID: "after 2", Target: target, Method: "StreamChat", CancelAfter: ptr(2)},
		question{ID: "by time", Target: target, Method: "StreamChat", CancelAfter: ptr(0), DeadlineMS: ptr(int64(5000))},
	)
	if got := answers["deadline"]; got.Status != "DEADLINE_EXCEEDED" || len(got.Responses) != 3 {
		t.Errorf("%+v", got)
	}
	if got := answers["after 2"]; got.Status != "CANCELLED" || len(got.Responses) != 2 {
		t.Errorf("%+v", got)
	}
	if got := answers["by time"]; got.Status != "CANCELLED" || len(got.Responses) != 3 {
		t.Errorf("%+v", got)
	}
	for range 3 {
		<-ended
	}
}

func TestAnswersAreFlushedWhileOthersAreUnderWay(t *testing.T) {
	release := make(chan struct{})
	target := fake.Start(t, &fake.Gateway{
		OnChat: func(_ context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
			if r.GetModel() == "slow" {
				<-release
			}
			return &ringmainv1.ChatResponse{}, nil
		},
	})
	in, ask := io.Pipe()
	read, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- run(in, out) }()
	answers := bufio.NewScanner(read)
	for _, model := range []string{"slow", "fast"} {
		line, _ := json.Marshal(question{
			ID: model, Target: target, Method: "Chat", Request: encoded(t, &ringmainv1.ChatRequest{Model: model}),
		})
		if _, err := ask.Write(append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	if !answers.Scan() || !strings.Contains(answers.Text(), `"fast"`) {
		t.Error(answers.Text())
	}
	close(release)
	if !answers.Scan() || !strings.Contains(answers.Text(), `"slow"`) {
		t.Error(answers.Text())
	}
	_ = ask.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestWhatIsNoCase(t *testing.T) {
	if err := run(strings.NewReader("nonsense\n"), io.Discard); err == nil {
		t.Error("no error")
	}
	answers := drive(t,
		question{ID: "method", Method: "Nope"},
		question{ID: "request", Method: "Chat", Request: []byte{0xff}},
		question{ID: "stream", Method: "StreamChat", Request: []byte{0xff}},
	)
	for _, got := range answers {
		if got.Status != "UNKNOWN" || got.Message == "" {
			t.Errorf("%+v", got)
		}
	}
	if _, err := (&pool{}).get(key{target: "dns://\x00"}); err == nil {
		t.Error("no error")
	}
}
