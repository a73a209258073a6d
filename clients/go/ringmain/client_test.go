package ringmain_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	"github.com/ringmain/ringmain/clients/go/internal/fake"
	"github.com/ringmain/ringmain/clients/go/ringmain"
	ringmainv1 "github.com/ringmain/ringmain/clients/go/ringmain/v1"
)

// dial returns a client of the gateway that lives as long as the test.
func dial(t testing.TB, gateway *fake.Gateway, options ...ringmain.Option) *ringmain.Client {
	t.Helper()
	return open(t, fake.Start(t, gateway), options...)
}

func open(t testing.TB, target string, options ...ringmain.Option) *ringmain.Client {
	t.Helper()
	client, err := ringmain.New(target, options...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func echo(_ context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
	messages := r.GetMessages()
	return &ringmainv1.ChatResponse{ResponseId: r.GetModel(), Message: messages[len(messages)-1]}, nil
}

func TestChatReturnsTheAnswer(t *testing.T) {
	client := dial(t, &fake.Gateway{OnChat: echo}, ringmain.WithModel("default"))
	request := ringmain.Ask("Grüezi 🙂")
	answer, err := client.Chat(t.Context(), request)
	if err != nil || answer.Text() != "Grüezi 🙂" || answer.GetResponseId() != "default" {
		t.Errorf("%v %v", answer, err)
	}
	if request.GetModel() != "" {
		t.Error("the caller's request was changed")
	}
	request.Model = "own"
	if answer, err = client.Chat(t.Context(), request); err != nil || answer.GetResponseId() != "own" {
		t.Errorf("%v %v", answer, err)
	}
}

func TestTokenAndMetadataAreSentWithEveryCallRawStubsIncluded(t *testing.T) {
	var seen []string
	gateway := &fake.Gateway{OnChat: func(ctx context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		seen = append(seen, strings.Join(append(md.Get("authorization"), md.Get("x-team")...), " "))
		if !strings.HasPrefix(md.Get("user-agent")[0], "ringmain-go") {
			t.Error(md.Get("user-agent"))
		}
		return echo(ctx, r)
	}}
	client := dial(t, gateway, ringmain.WithToken("secret"), ringmain.WithMetadata("x-team", "search"))
	if _, err := client.Chat(t.Context(), ringmain.Ask("a")); err != nil {
		t.Fatal(err)
	}
	if _, err := client.ChatService.Chat(t.Context(), ringmain.Ask("b")); err != nil {
		t.Fatal(err)
	}
	if len(seen) != 2 || seen[0] != "Bearer secret search" || seen[1] != seen[0] {
		t.Error(seen)
	}
}

func TestMessagesBeyondFourMebibytesPassBothWays(t *testing.T) {
	client := dial(t, &fake.Gateway{OnChat: echo})
	picture := bytes.Repeat([]byte{7}, 20<<20)
	answer, err := client.Chat(t.Context(), ringmain.Ask("?", ringmain.ImageData(picture)))
	if err != nil || !bytes.Equal(answer.GetMessage().GetParts()[1].GetMedia().GetData(), picture) {
		t.Error(err)
	}
}

func TestARequestBeyondTheLimitIsNotSent(t *testing.T) {
	var seen atomic.Int32
	gateway := &fake.Gateway{
		OnChat: func(ctx context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
			seen.Add(1)
			return echo(ctx, r)
		},
		OnStream: func(*ringmainv1.ChatRequest, chatStream) error {
			seen.Add(1)
			return nil
		},
	}
	request := ringmain.Ask(strings.Repeat("a", 1000))
	size := proto.Size(request)
	client := dial(t, gateway, ringmain.WithMaxMessageBytes(size))
	if _, err := client.Chat(t.Context(), request); err != nil || seen.Load() != 1 {
		t.Error(err, seen.Load())
	}
	request.RequestId = "b"
	_, whole := client.Chat(t.Context(), request)
	_, streamed := client.Stream(t.Context(), request).Text()
	for _, err := range []error{whole, streamed} {
		if !errors.Is(err, ringmain.ErrInvalidRequest) || !strings.Contains(err.Error(), fmt.Sprintf("(%d vs. %d)", size+3, size)) {
			t.Error(err)
		}
	}
	if seen.Load() != 1 {
		t.Error("a request that is too large was sent")
	}
}

func TestARequestThatTheGatewayFindsTooLargeIsInvalid(t *testing.T) {
	target := fake.Start(t, &fake.Gateway{OnChat: echo}, grpc.MaxRecvMsgSize(100))
	_, err := open(t, target).Chat(t.Context(), ringmain.Ask(strings.Repeat("a", 1000)))
	if !errors.Is(err, ringmain.ErrInvalidRequest) || errors.Is(err, ringmain.ErrRateLimited) {
		t.Error(err)
	}
}

func TestCountEstimateEmbedAndAnalyze(t *testing.T) {
	client := dial(t, &fake.Gateway{
		OnCountTokens: func(r *ringmainv1.CountTokensRequest) (*ringmainv1.CountTokensResponse, error) {
			return &ringmainv1.CountTokensResponse{InputTokenCount: int64(len(r.GetChat().GetModel()))}, nil
		},
		OnEstimateCost: func(r *ringmainv1.EstimateCostRequest) (*ringmainv1.EstimateCostResponse, error) {
			return &ringmainv1.EstimateCostResponse{InputTokenCount: int64(len(r.GetChat().GetModel()))}, nil
		},
		OnEmbed: func(r *ringmainv1.EmbedRequest) (*ringmainv1.EmbedResponse, error) {
			return &ringmainv1.EmbedResponse{ResponseId: r.GetModel()}, nil
		},
		OnAnalyze: func(r *ringmainv1.AnalyzeImagesRequest) (*ringmainv1.ChatResponse, error) {
			return &ringmainv1.ChatResponse{Message: ringmain.Assistant(r.GetModel())}, nil
		},
	}, ringmain.WithModel("abc"))
	count, err := client.CountTokens(t.Context(), ringmain.Ask("a"))
	if err != nil || count.GetInputTokenCount() != 3 {
		t.Error(count, err)
	}
	cost, err := client.EstimateCost(t.Context(), ringmain.Ask("a"))
	if err != nil || cost.GetInputTokenCount() != 3 {
		t.Error(cost, err)
	}
	vectors, err := client.Embed(t.Context(), &ringmainv1.EmbedRequest{Texts: []string{"a"}})
	if err != nil || vectors.GetResponseId() != "abc" {
		t.Error(vectors, err)
	}
	analysis, err := client.AnalyzeImages(t.Context(), &ringmainv1.AnalyzeImagesRequest{Prompt: "?"})
	if err != nil || analysis.Text() != "abc" {
		t.Error(analysis, err)
	}
}

func TestModelsAreListedPageByPage(t *testing.T) {
	client := dial(t, &fake.Gateway{
		OnListModels: func(r *ringmainv1.ListModelsRequest) (*ringmainv1.ListModelsResponse, error) {
			if len(r.GetCapabilities()) != 1 {
				t.Error(r)
			}
			if r.GetPageToken() == "2" {
				return &ringmainv1.ListModelsResponse{Models: []*ringmainv1.Model{{Model: "c"}}}, nil
			}
			models := []*ringmainv1.Model{{Model: "a"}, {Model: "b"}}
			return &ringmainv1.ListModelsResponse{Models: models, NextPageToken: "2"}, nil
		},
		OnGetModel: func(r *ringmainv1.GetModelRequest) (*ringmainv1.GetModelResponse, error) {
			return &ringmainv1.GetModelResponse{Model: &ringmainv1.Model{Model: r.GetModel()}}, nil
		},
	})
	var names string
	for model, err := range client.Models(t.Context(), ringmainv1.Capability_CAPABILITY_TOOLS) {
		if err != nil {
			t.Fatal(err)
		}
		names += model.GetModel()
	}
	if names != "abc" {
		t.Error(names)
	}
	for model := range client.Models(t.Context(), ringmainv1.Capability_CAPABILITY_TOOLS) {
		if model.GetModel() != "a" {
			t.Error(model)
		}
		break
	}
	if model, err := client.Model(t.Context(), "x"); err != nil || model.GetModel() != "x" {
		t.Error(model, err)
	}
}

func TestModelsTellTheirError(t *testing.T) {
	client := dial(t, &fake.Gateway{})
	for _, err := range client.Models(t.Context()) {
		if err == nil {
			t.Error("no error")
		}
	}
}

func TestTheServerSaysWhatItIs(t *testing.T) {
	client := dial(t, &fake.Gateway{
		OnServerInfo: func(*ringmainv1.GetServerInfoRequest) (*ringmainv1.GetServerInfoResponse, error) {
			return &ringmainv1.GetServerInfoResponse{Version: "1.4.0"}, nil
		},
	})
	if info, err := client.ServerInfo(t.Context()); err != nil || info.GetVersion() != "1.4.0" {
		t.Error(info, err)
	}
}

func TestHealth(t *testing.T) {
	client := dial(t, &fake.Gateway{})
	if got, err := client.Health(t.Context(), ""); err != nil || got != "SERVING" {
		t.Error(got, err)
	}
	if _, err := client.Health(t.Context(), "no.such.Service"); err == nil {
		t.Error("no error")
	}
}

func TestTheTargetComesFromTheEnvironment(t *testing.T) {
	t.Setenv(ringmain.TargetVariable, fake.Start(t, &fake.Gateway{OnChat: echo}))
	client := open(t, "")
	if _, err := client.Chat(t.Context(), ringmain.Ask("a")); err != nil {
		t.Error(err)
	}
	t.Setenv(ringmain.TargetVariable, "")
	if got := open(t, "").Conn().Target(); got != ringmain.DefaultTarget {
		t.Error(got)
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	if _, err := ringmain.New("", ringmain.WithMaxAttempts(6)); err == nil {
		t.Error("no error")
	}
	if _, err := ringmain.New("dns://\x00"); err == nil {
		t.Error("no error")
	}
}

func TestDialOptionsWin(t *testing.T) {
	client := dial(t, &fake.Gateway{OnChat: echo}, ringmain.WithDialOptions(
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(10))))
	if _, err := client.Chat(t.Context(), ringmain.Ask("more than ten bytes")); err == nil {
		t.Error("no error")
	}
}

func TestAModelIsSetWithoutCopyingMedia(t *testing.T) {
	media := ringmain.ImageData([]byte("picture"))
	var got *ringmainv1.ChatRequest
	client := dial(t, &fake.Gateway{OnChat: func(_ context.Context, r *ringmainv1.ChatRequest) (*ringmainv1.ChatResponse, error) {
		got = r
		return &ringmainv1.ChatResponse{}, nil
	}}, ringmain.WithModel("m"))
	request := ringmain.Converse(ringmain.System("Be brief."), ringmain.User("?", media), ringmain.Assistant("!"))
	request.Attribution = &ringmainv1.Attribution{Labels: map[string]string{"feature": "search"}}
	if _, err := client.Chat(t.Context(), request); err != nil {
		t.Fatal(err)
	}
	request.Model = "m"
	if !proto.Equal(got, request) {
		t.Errorf("%v is not %v", got, request)
	}
}
